import type { Lane } from "./lane.ts";
import type { Loss } from "./lane-reader.ts";
import type { Range } from "./number-set.ts";
import { spanOfSegment } from "./span-of-segment.ts";

/**
 * Drops the oldest segment of a lane that nothing was handed out of, and that nobody writes to.
 *
 * @param expected number of the entry that is handed out next
 * @param last number of the lane's last entry, if nobody writes to it any more
 * @returns what was in it; `undefined` where there is no such segment
 */
export function dropOldestFrom(lane: Lane, expected: number, last?: number): Loss | undefined {
  const oldest = lane.segments.find(({ first }) => first >= expected);
  if (oldest === undefined) return undefined;
  const [first, end] = lane.rangeOf(oldest);
  const to = end === Infinity ? last : end;
  if (to === undefined) return undefined;
  const range: Range = [first, to];
  const count = lane.confirmed.countMissing(range);
  const span = spanOfSegment(oldest);
  lane.drop(oldest, range);
  return { range, count, span, damage: undefined };
}
