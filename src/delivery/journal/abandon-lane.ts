import { report } from "../../telemetry/diagnostics.ts";
import { linesMissing, unwritable } from "./journal-errors.ts";
import type { Gone } from "./journal-entry.ts";
import type { OwnLane } from "./own-lane.ts";

/**
 * Lets go of a lane whose files somebody removed. What was written to them is there no more, unless it
 * is in memory too.
 */
export function abandonLane(own: OwnLane, dir: string, onGone: (gone: Gone) => void): void {
  const { unread: count, lane } = own;
  try {
    own.abandon();
  } catch (error) {
    report(unwritable(dir, error));
  }
  if (count > 0) onGone({ count, span: {}, cause: linesMissing(count, lane.folder) });
}
