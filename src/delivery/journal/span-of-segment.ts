import { joined, type Span, spanOf } from "../span.ts";
import { decodeEntry, type Entry } from "./entry-line.ts";
import type { Segment } from "./lane-files.ts";
import { LineReader } from "./line-reader.ts";

/** More than an entry of authlog's own has. */
const tailBytes = 256 * 1024;

/** From the first entry of a segment to the last, as far as they can be read. */
export function spanOfSegment(segment: Segment): Span {
  const [first, last] = [firstEntryOf(segment), lastEntryOf(segment)];
  if (first === undefined || last === undefined) return {};
  return joined(spanOf(first.record), spanOf(last.record));
}

/** The last entry of a segment that can be read. */
export function lastEntryOf({ path, size }: Segment): Entry | undefined {
  const last = lastEntryFrom(path, Math.max(0, size - tailBytes));
  return last === undefined && size > tailBytes ? lastEntryFrom(path, 0) : last;
}

function lastEntryFrom(path: string, offset: number): Entry | undefined {
  const lines = new LineReader(path, offset);
  try {
    let last: Entry | undefined;
    for (let line = lines.next(); line !== undefined; line = lines.next()) {
      last = decodeEntry(line.bytes) ?? last;
    }
    return last;
  } finally {
    lines.close();
  }
}

function firstEntryOf({ path }: Segment): Entry | undefined {
  const lines = new LineReader(path);
  try {
    const line = lines.next();
    return line && decodeEntry(line.bytes);
  } finally {
    lines.close();
  }
}
