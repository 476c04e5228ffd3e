import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { maxLineBytes } from "./journal/line-reader.ts";
import { otlpMembers } from "./otlp-members.ts";

/** Two lists, at most three bytes a character: with all else they stay below a line's limit. */
const listUnits = maxLineBytes / 8;

/**
 * The line of a record, with as much of its attributes as a reader takes.
 *
 * @param toLine makes a line of the record's members, as `otlpMembers` gives them
 * @param mostBytes that the line may have
 */
export function fittingLine(
  record: ReadableLogRecord,
  toLine: (members: string) => Buffer,
  mostBytes: number = maxLineBytes,
): Buffer {
  const line = toLine(otlpMembers(record));
  return line.length <= mostBytes ? line : toLine(otlpMembers(record, { mostUnits: listUnits }));
}
