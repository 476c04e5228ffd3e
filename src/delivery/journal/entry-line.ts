import { crc32 } from "node:zlib";
import type { ReadableLogRecord } from "../../telemetry/exporter.ts";
import { fittingLine } from "../fitting-line.ts";
import { fromOtlp } from "../from-otlp.ts";

/** A record in the journal, under its number among those of its process, from 1. */
export interface Entry {
  readonly number: number;
  readonly record: ReadableLogRecord;
}

/** The checksum is the last member, of a fixed length: all bytes before it are under it. */
const checksumMember = ',"crc32":"';
const tailBytes = checksumMember.length + 8 + '"}'.length;

/**
 * One line of the journal: OTLP/JSON with two members more, which its readers skip, `entry` in
 * front and `crc32` at the end. The line's own break is its last byte.
 *
 * @example
 * encodeEntry({ number: 1, record });
 * // {"entry":1,"resourceLogs":[…],"crc32":"0badcafe"}⏎
 */
export function encodeEntry({ number, record }: Entry): Buffer {
  return fittingLine(record, (members) => sealed(`${beginning}${number},${members}`));
}

/** Text of a record has its quotes escaped: only an entry begins like this. */
const beginning = '{"entry":';

/** How many entries begin in bytes that are none, or not one alone. */
export function beginningsIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(beginning); at >= 0; at = bytes.indexOf(beginning, at + 1)) {
    count += 1;
  }
  return count;
}

/** A line with its checksum. `open` is a JSON object without the brace that closes it. */
export function sealed(open: string): Buffer {
  const length = Buffer.byteLength(open);
  const line = Buffer.allocUnsafe(length + tailBytes + 1);
  line.write(open);
  line.write(`${tailOf(line.subarray(0, length))}\n`, length, "latin1");
  return line;
}

/** The checksum's member, and the brace behind it, for the bytes before them. */
function tailOf(open: Buffer): string {
  return `${checksumMember}${crc32(open).toString(16).padStart(8, "0")}"}`;
}

/**
 * The entry of a line, without its break; `undefined` where a bit of it is not as it was written.
 */
export function decodeEntry(line: Buffer): Entry | undefined {
  const value = unsealed(line);
  const number = value?.["entry"];
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 1) return undefined;
  const record = fromOtlp(value);
  return record && { number, record };
}

/** The object of a line whose checksum is right. */
export function unsealed(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  const end = line.length - tailBytes;
  if (end < 1) return undefined;
  if (line.toString("latin1", end) !== tailOf(line.subarray(0, end))) return undefined;
  try {
    const value: unknown = JSON.parse(line.toString("utf8"));
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
