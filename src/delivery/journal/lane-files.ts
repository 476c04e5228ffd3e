import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sealed, unsealed } from "./entry-line.ts";
import { NumberSet, type Range } from "./number-set.ts";

/** One file of entries. The next one begins where its numbers end. */
export interface Segment {
  /** Its place among the segments of its lane. */
  readonly serial: number;
  /** Number of its first entry. */
  readonly first: number;
  path: string;
  /** In bytes. */
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

/** What processes left of those that died over one. */
export function unfinishedFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(newSuffix));
  return names.map((name) => join(folder, name));
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
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return [];
      return [{ serial: Number(serial), first: Number(first), path, size: stat.size }];
    });
}

/** A line that is damaged confirms nothing: its entries are delivered again, and known by their uid. */
export function readConfirmed(file: string): NumberSet {
  const confirmed = new NumberSet();
  for (const line of linesOf(file)) {
    const range: unknown = unsealed(line)?.["confirmed"];
    if (isRange(range)) confirmed.add(range);
  }
  return confirmed;
}

function linesOf(file: string): Buffer[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file).toString("latin1");
  return text.split("\n").map((line) => Buffer.from(line, "latin1"));
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
