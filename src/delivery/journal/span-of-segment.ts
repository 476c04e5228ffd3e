import { systemReason } from "../../files/system-reason.ts";
import { eventNames } from "../../vocabulary.ts";
import { joined, type Span, spanOf } from "../span.ts";
import { entriesOf, firstEntryOf } from "./entries-of.ts";
import type { Entry } from "./entry-line.ts";
import type { Segment } from "./lane-files.ts";
import type { NumberSet } from "./number-set.ts";

/** More than an entry of authlog's own has. */
const tailBytes = 256 * 1024;

/** Which entry is looked for. */
type Wanted = (entry: Entry) => boolean;

/**
 * From the first entry of a segment that is not confirmed to the last, as far as they can be read.
 * What tells of an older gap stands behind younger entries when it was kept: it tells of no end.
 */
export function spanOfSegment(segment: Segment, confirmed: NumberSet): Span {
  const wanted = ({ number, record }: Entry): boolean =>
    record.eventName !== eventNames.gap && !confirmed.has(number);
  const [first, last] = [firstEntryOf(segment.path, wanted), lastEntryOf(segment, wanted)];
  if (first === undefined || last === undefined) return {};
  return joined(spanOf(first.record), spanOf(last.record));
}

/** The last entry of a segment that can be read; by default, whichever. */
export function lastEntryOf(
  { path, size }: Segment,
  wanted: Wanted = () => true,
): Entry | undefined {
  const last = lastEntryFrom(path, Math.max(0, size - tailBytes), wanted);
  return last === undefined && size > tailBytes ? lastEntryFrom(path, 0, wanted) : last;
}

function lastEntryFrom(path: string, offset: number, wanted: Wanted): Entry | undefined {
  let last: Entry | undefined;
  for (const entry of entriesOf(path, offset)) if (wanted(entry)) last = entry;
  return last;
}

/** `undefined` where the disk does not give back what is read. */
export function whereReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (systemReason(error) === undefined) throw error;
    return undefined;
  }
}
