import { closeSync, openSync, readSync } from "node:fs";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { LineReader } from "./journal/line-reader.ts";
import { fromOtlp } from "./from-otlp.ts";

/** A dead letter as its file has it. */
export interface StoredLetter {
  /** When it was rejected, RFC 3339. */
  readonly at: string;
  readonly code: string;
  readonly why: string;
  /** Whether the destination may have taken it: an attempt ended without a clear answer. */
  readonly unclear: boolean;
  readonly record: ReadableLogRecord;
}

/** One line of a file of dead letters. */
export interface LetterLine {
  /** Its place in the file, from 1. */
  readonly number: number;
  /** As it stands there, with a break behind it. */
  readonly bytes: Buffer;
  /** Where it begins, in bytes. */
  readonly start: number;
  /** Where the next line begins. */
  readonly end: number;
  /** None where the line is no dead letter. */
  readonly letter: StoredLetter | undefined;
}

const lineBreak = Buffer.from("\n");

/**
 * Reads a file of dead letters, line by line. Whatever stands in it is handed out: a line that is no
 * letter, or not ended; one that is far too long comes in pieces. Only empty lines are passed over.
 *
 * @param offset where to begin, in bytes
 */
export function* letterLines(path: string, offset = 0): Generator<LetterLine, void, undefined> {
  const lines = new LineReader(path, offset);
  try {
    let number = 1 + breaksBefore(path, offset);
    /** Whether the line began in a piece before: no letter is so long. */
    let continued = false;
    for (;;) {
      const line = lines.next() ?? lines.takeRest();
      if (line === undefined) return;
      const { offset: start } = line;
      const end = lines.offset;
      const ended = end > start + line.bytes.length;
      const letter = continued ? undefined : toLetter(line.bytes);
      const bytes = Buffer.concat([line.bytes, lineBreak]);
      if (continued || line.bytes.length > 0) yield { number, bytes, start, end, letter };
      continued = !ended;
      if (ended) number += 1;
    }
  } finally {
    lines.close();
  }
}

/** Whether the destination may have it. What was given up was tried, each time without a clear refusal. */
export function mayBeThere(letter: StoredLetter): boolean {
  return letter.unclear || isGivenUp(letter);
}

/** Whether the destination failed over it, and took others. */
export function isGivenUp({ code }: StoredLetter): boolean {
  return code === "ERR_AUTHLOG_DELIVERY_GIVEN_UP";
}

/** At most six bytes a character, as JSON: whatever a letter has beside it, its line can be read. */
export const mostWhyUnits: number = 8 * 1_024;

/** The line of a letter that was rejected again, with the new reason; all else stays as it was. */
export function withReason(
  bytes: Buffer,
  { at, code, why }: Pick<StoredLetter, "at" | "code" | "why">,
): Buffer {
  return changed(bytes, { at, code, why: why.slice(0, mostWhyUnits) });
}

/** The line of a letter that the destination may have taken; all else stays as it was. */
export function withDoubt({ bytes, letter }: Pick<LetterLine, "bytes" | "letter">): Buffer {
  return letter === undefined || letter.unclear ? bytes : changed(bytes, { unclear: true });
}

/** How many lines end in front of an offset. */
function breaksBefore(path: string, offset: number): number {
  if (offset === 0) return 0;
  const descriptor = openSync(path, "r");
  try {
    const room = Buffer.allocUnsafe(64 * 1024);
    let breaks = 0;
    let position = 0;
    for (;;) {
      const length = Math.min(room.length, offset - position);
      const read = length > 0 ? readSync(descriptor, room, 0, length, position) : 0;
      if (read === 0) return breaks;
      for (const byte of room.subarray(0, read)) if (byte === lineBreak[0]) breaks += 1;
      position += read;
    }
  } finally {
    closeSync(descriptor);
  }
}

function changed(bytes: Buffer, members: object): Buffer {
  const value = JSON.parse(bytes.toString()) as object;
  return Buffer.from(`${JSON.stringify({ ...value, ...members })}\n`);
}

function toLetter(bytes: Buffer): StoredLetter | undefined {
  const value = parsed(bytes);
  const [at, code, why] = ["at", "code", "why"].map((name) => value?.[name]);
  if (typeof at !== "string" || typeof code !== "string" || typeof why !== "string")
    return undefined;
  const record = fromOtlp(value);
  return record && { at, code, why, unclear: value?.["unclear"] === true, record };
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
