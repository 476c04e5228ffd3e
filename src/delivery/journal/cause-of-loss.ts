import type { AuthlogError } from "../../errors.ts";
import { keepDamaged } from "./damaged-files.ts";
import { damaged, linesMissing, torn } from "./journal-errors.ts";
import type { JournalOptions } from "./journal-options.ts";
import type { Loss } from "./lane-reader.ts";

/** How much beside `maxBytes` damaged files may take. */
const damagedShare = 0.1;

/** What to tell of a loss. A damaged file is kept, where there is room, for people to look at. */
export function causeOfLoss(
  { count, damage }: Loss,
  lane: string,
  { dir, maxBytes }: Required<JournalOptions>,
): AuthlogError {
  if (damage?.kind === "torn") return torn(damage);
  if (damage === undefined) return linesMissing(count, lane);
  return damaged(count, damage, keepDamaged(dir, damage.segment, maxBytes * damagedShare));
}
