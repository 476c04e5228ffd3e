import { readFileSync } from "node:fs";
import { systemReason } from "../../files/system-reason.ts";
import type { ReadableLogRecord } from "../../telemetry/exporter.ts";
import { eventNames } from "../../vocabulary.ts";
import { decodeEntry, type Entry } from "./entry-line.ts";
import type { Lane } from "./lane.ts";
import type { Segment } from "./lane-files.ts";
import type { Loss } from "./lane-reader.ts";
import type { NumberSet, Range } from "./number-set.ts";
import { spanOfSegment, whereReadable } from "./span-of-segment.ts";

/** What of a lane may be dropped. */
export interface Droppable {
  readonly lane: Lane;
  /** Number of the entry that is handed out next. */
  readonly expected: number;
  /** Number of the lane's last entry, if nobody writes to it any more. */
  readonly last?: number;
  /** Entries that are in memory although they were not handed out. */
  readonly held?: NumberSet;
}

/** What was dropped. */
export interface Dropped extends Loss {
  /** The system's error, where the disk did not take that it was. */
  readonly fault?: unknown;
}

/**
 * Drops the oldest segment of a lane of which nothing that was handed out is unconfirmed, nor is
 * anything in memory, and that nobody writes to.
 *
 * @param keep takes what tells of earlier losses: without it, they would be silent
 * @returns what was in it; `undefined` where there is no such segment
 */
export function dropOldestFrom(
  { lane, expected, last, held }: Droppable,
  keep: (record: ReadableLogRecord) => void,
): Dropped | undefined {
  for (const segment of lane.segments) {
    const [first, end] = lane.rangeOf(segment);
    const to = end === Infinity ? last : end;
    if (to === undefined) continue;
    if (lane.confirmed.countMissing([first, Math.min(to, expected - 1)]) > 0) continue;
    const range: Range = [first, to];
    const owed = lane.confirmed.countMissing(range);
    if (lane.confirmed.countMissing(range, held) < owed) continue;
    const told = gapsWhereReadable(segment);
    if (told === undefined) continue;
    const gaps = told.filter(({ number }) => !lane.confirmed.has(number));
    const count = owed - gaps.length;
    if (count <= 0 && gaps.length > 0) continue;
    const span = whereReadable(() => spanOfSegment(segment, lane.confirmed)) ?? {};
    for (const { number, record } of gaps) {
      keep(record);
      lane.confirm([[number, number]]);
    }
    const dropped = { range, count, span, damage: undefined };
    try {
      lane.drop(segment, range);
      return dropped;
    } catch (fault) {
      // From now on it counts as confirmed in this process, and is handed out no more.
      return { ...dropped, fault };
    }
  }
  return undefined;
}

/** Text of a record has its quotes escaped: only the member itself looks like this. */
const gapMark = `"eventName":"${eventNames.gap}"`;

/** With these a file is gone, or damaged. All others pass, as the want of a descriptor or of a right. */
const lasting: ReadonlySet<string> = new Set(["EIO", "EISDIR", "ENOENT", "ENOTDIR"]);

/** None where the disk does not give the segment back; `undefined` where it may later. */
function gapsWhereReadable(segment: Segment): Entry[] | undefined {
  try {
    return gapsIn(segment);
  } catch (error) {
    const code = systemReason(error);
    if (code === undefined) throw error;
    return lasting.has(code) ? [] : undefined;
  }
}

/** The events of gaps among a segment's entries, found without decoding all of them. */
function gapsIn({ path }: Segment): Entry[] {
  const bytes = readFileSync(path);
  const gaps: Entry[] = [];
  for (let at = bytes.indexOf(gapMark); at >= 0; at = bytes.indexOf(gapMark, at + 1)) {
    const end = bytes.indexOf("\n", at);
    const line = bytes.subarray(bytes.lastIndexOf("\n", at) + 1, end < 0 ? bytes.length : end);
    const entry = decodeEntry(line);
    if (entry !== undefined) gaps.push(entry);
  }
  return gaps;
}
