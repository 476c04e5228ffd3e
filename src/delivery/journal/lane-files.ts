import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { systemReason } from "../../files/system-reason.ts";
import { sealed, unsealed } from "./entry-line.ts";
import { LineReader, regularFiles } from "./line-reader.ts";
import { NumberSet, type Range } from "./number-set.ts";
import { readFaultOf } from "./read-fault.ts";

/** One file of entries. The next one begins where its numbers end. */
export interface Segment {
  /** Its place among the segments of its lane. */
  readonly serial: number;
  /** Number of its first entry. */
  readonly first: number;
  path: string;
  /** In bytes; 0 of what is no file: a link, or a FIFO. */
  size: number;
}

const segmentName = /^(\d{8})-(\d{12})\.jsonl$/;

/** Where a segment of a lane lies. */
export function segmentPath(folder: string, serial: number, first: number): string {
  const [place, number] = [String(serial).padStart(8, "0"), String(first).padStart(12, "0")];
  return join(folder, `${place}-${number}.jsonl`);
}

/** The file whose lock says whether a lane's process lives. */
export function lockFile(folder: string): string {
  return join(folder, "lock");
}

/** The file of what need not be delivered any more. */
export function confirmedFile(folder: string): string {
  return join(folder, "confirmed.jsonl");
}

const newSuffix = ".new";

/** Where a file is written that takes its place only when all of it is there. */
export function unfinished(path: string): string {
  return `${path}${newSuffix}`;
}

/** The names of those: of the note, of its reserve, and of segments that are written anew. */
const unfinishedName = /^(?:confirmed\.jsonl|reserve|\d{8}-\d{12}\.jsonl)\.new$/;

/** What processes left of those that died over one. A folder is none of theirs. */
export function unfinishedFiles(folder: string): string[] {
  return entriesIn(folder)
    .filter((entry) => unfinishedName.test(entry.name) && !entry.isDirectory())
    .map(({ name }) => join(folder, name));
}

function entriesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemReason(error) === "ENOENT") return [];
    throw error;
  }
}

/** The segments of a lane, in order. */
export function listSegments(folder: string): Segment[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name): Segment[] => {
      const [, serial, first] = segmentName.exec(name) ?? [];
      if (serial === undefined) return [];
      const path = join(folder, name);
      // Whoever only looks at the lane of another process may find a name whose file has just gone.
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || stat.isDirectory()) return [];
      const size = stat.isFile() ? stat.size : 0;
      return [{ serial: Number(serial), first: Number(first), path, size }];
    });
}

/**
 * A line that is damaged confirms nothing: its entries are delivered again, and known by their uid.
 * What is no file confirms nothing either.
 *
 * @throws the system's error, where the file is there and cannot be read
 */
export function readConfirmed(file: string): NumberSet {
  const confirmed = new NumberSet();
  const lines = openLines(file);
  try {
    for (let line = lines?.next(); line !== undefined; line = lines?.next()) {
      const range: unknown = unsealed(line.bytes)?.["confirmed"];
      if (isRange(range)) confirmed.add(range);
    }
  } finally {
    lines?.close();
  }
  return confirmed;
}

function openLines(file: string): LineReader | undefined {
  try {
    return new LineReader(file, 0, regularFiles);
  } catch (error) {
    if (readFaultOf(error) === "gone") return undefined;
    throw error;
  }
}

function isRange(value: unknown): value is Range {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, last]: unknown[] = value;
  return Number.isSafeInteger(first) && Number.isSafeInteger(last) && Number(first) >= 1;
}

/** What {@link readConfirmed} reads: a line for each range. */
export function confirmedLines(ranges: readonly Range[]): Buffer {
  return Buffer.concat(ranges.map(([first, last]) => sealed(`{"confirmed":[${first},${last}]`)));
}
