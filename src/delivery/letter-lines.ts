import { statSync } from "node:fs";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { LineReader } from "./journal/line-reader.ts";
import { fromOtlp } from "./from-otlp.ts";

/** A dead letter as its file has it. */
export interface StoredLetter {
  /** When it was rejected, RFC 3339. */
  readonly at: string;
  readonly code: string;
  readonly why: string;
  /** Whether the destination may have taken it: a later attempt ended without a clear answer. */
  readonly unclear: boolean;
  readonly record: ReadableLogRecord;
}

/** One line of a file of dead letters. */
export interface LetterLine {
  /** Its place in the file, from 1. */
  readonly number: number;
  /** As it stands there, with a break behind it. */
  readonly bytes: Buffer;
  /** Where the next line begins, in bytes. */
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
    let number = 1;
    /** Whether the line began in a piece before: no letter is so long. */
    let continued = false;
    for (;;) {
      const line = lines.next() ?? lines.takeRest();
      if (line === undefined) return;
      const end = lines.offset;
      const ended = end > line.offset + line.bytes.length;
      const letter = continued ? undefined : toLetter(line.bytes);
      const bytes = Buffer.concat([line.bytes, lineBreak]);
      if (continued || line.bytes.length > 0) yield { number, bytes, end, letter };
      continued = !ended;
      if (ended) number += 1;
    }
  } finally {
    lines.close();
  }
}

/** How many letters a file has; none where it is not there. */
export function countLetters(path: string): number {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return 0;
  let count = 0;
  for (const { letter } of letterLines(path)) if (letter !== undefined) count += 1;
  return count;
}

/**
 * The line of a letter that was rejected again, with the new reason and without a doubt; all else
 * stays as it was.
 */
export function withReason(
  bytes: Buffer,
  reason: Pick<StoredLetter, "at" | "code" | "why">,
): Buffer {
  const { at, code, why } = reason;
  return changed(bytes, { at, code, why, unclear: undefined });
}

/** The line of a letter that the destination may have taken; all else stays as it was. */
export function withDoubt({ bytes, letter }: Pick<LetterLine, "bytes" | "letter">): Buffer {
  return letter === undefined || letter.unclear ? bytes : changed(bytes, { unclear: true });
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
