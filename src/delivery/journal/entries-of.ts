import { decodeEntry, type Entry } from "./entry-line.ts";
import { type Line, LineReader, regularFiles } from "./line-reader.ts";
import { readFaultOf } from "./read-fault.ts";

/** The entries of a segment's file that can be read, in order. */
export function* entriesOf(path: string, offset = 0): Generator<Entry, void, undefined> {
  const lines = new LineReader(path, offset, regularFiles);
  try {
    for (let line = nextOf(lines); line !== undefined; line = nextOf(lines)) {
      const entry = decodeEntry(line.bytes);
      if (entry !== undefined) yield entry;
    }
  } finally {
    lines.close();
  }
}

/** The first of them that is wanted. */
export function firstEntryOf(path: string, wanted: (entry: Entry) => boolean): Entry | undefined {
  for (const entry of entriesOf(path)) if (wanted(entry)) return entry;
  return undefined;
}

/** More than a segment has. */
const mostBlocks = 2 ** 20;

/** The next line that the disk gives back. */
function nextOf(lines: LineReader): Line | undefined {
  for (let blocks = 1; blocks < mostBlocks; blocks *= 2) {
    try {
      return lines.next();
    } catch (error) {
      if (readFaultOf(error) !== "unreadable") throw error;
      lines.skip(blocks);
    }
  }
  return undefined;
}
