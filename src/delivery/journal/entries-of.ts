import { decodeEntry, type Entry } from "./entry-line.ts";
import { LineReader } from "./line-reader.ts";

/** The entries of a segment's file that can be read, in order. */
export function* entriesOf(path: string, offset = 0): Generator<Entry, void, undefined> {
  const lines = new LineReader(path, offset);
  try {
    for (let line = lines.next(); line !== undefined; line = lines.next()) {
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
