import { report } from "../../telemetry/diagnostics.ts";
import { isMissing } from "./is-missing.ts";
import { linesMissing, unwritable } from "./journal-errors.ts";
import type { Gone } from "./journal-entry.ts";
import type { Lane } from "./lane.ts";
import type { OwnLane } from "./own-lane.ts";
import { lastEntryOf, whereReadable } from "./span-of-segment.ts";

/**
 * Lets go of a lane of which somebody removed files. What was written to its end is there no more,
 * unless it is in memory too; whoever takes over what is left of it delivers that, and tells of what is
 * missing in front of it.
 */
export function abandonLane(own: OwnLane, dir: string, onGone: (gone: Gone) => void): void {
  const { lane } = own;
  const count = own.unreadBehind(lastThere(lane));
  try {
    own.abandon();
  } catch (error) {
    report(unwritable(dir, error));
  }
  if (count > 0) onGone({ count, span: {}, cause: linesMissing(count, lane.folder) });
}

/** Number of the last entry that is left; of a file that cannot be read for now, all may be. */
function lastThere(lane: Lane): number {
  const last = lane.segments.findLast(({ path }) => !isMissing(path));
  if (last === undefined) return 0;
  return whereReadable(() => lastEntryOf(last))?.number ?? lane.rangeOf(last)[1];
}
