import { resolve } from "node:path";
import { AuthlogError } from "../errors.ts";
import { systemReason } from "../files/system-reason.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { appendLetters } from "./letter-file.ts";
import { otlpMembers } from "./otlp-members.ts";

/** A record that will never be delivered, and why. */
export interface DeadLetter {
  record: ReadableLogRecord;
  cause: AuthlogError;
}

/** Keeps what is rejected for good. */
export interface DeadLetters {
  /**
   * Keeps the records, or says that it cannot. Never throws.
   *
   * @returns those that are not kept
   */
  write(letters: readonly DeadLetter[]): readonly DeadLetter[];
}

/** Options of {@link deadLetterFile}. */
export interface DeadLetterFileOptions {
  /** The file; its folder is made, private, where it is not there. */
  path: string;
  /**
   * The most that the file grows to, in bytes. What comes after is reported, and not kept.
   * @default 67108864
   */
  maxBytes?: number;
}

/** Where dead letters go if nobody says otherwise. */
export const deadLetterPathDefault = ".authlog/dead-letter.jsonl";

const defaultMaxBytes = 64 * 1_024 ** 2;

/**
 * Appends records that were rejected for good to a file of JSON lines: `at`, the reason's `code` and
 * `why`, and beside them the record as it was emitted, private data already removed, as OTLP/JSON:
 * whatever reads that can read the file, and skips what is not its own. The file is readable by its
 * owner alone. A letter is on the disk when `write` returns, whatever the durability: that is a sync,
 * in which the thread waits. Where nothing can be written, `ERR_AUTHLOG_DEAD_LETTER_FAILED` says so.
 *
 * @example
 * const letters = deadLetterFile({ path: ".authlog/dead-letter.jsonl" });
 * letters.write([{ record, cause }]);
 */
export function deadLetterFile({
  path,
  maxBytes = defaultMaxBytes,
}: DeadLetterFileOptions): DeadLetters {
  const file = resolve(path);
  return {
    write(letters) {
      try {
        const lines = Buffer.from(letters.map(toLine).join(""));
        if (appendLetters(file, lines, { maxBytes })) return [];
        report(lost(letters.length, file, "it is full"));
      } catch (error) {
        const code = systemReason(error);
        const reason =
          code === undefined ? "a record could not be read" : `the system says ${code}`;
        report(lost(letters.length, file, reason));
      }
      return letters;
    },
  };
}

function toLine({ record, cause }: DeadLetter): string {
  const { code, why } = cause;
  const letter = JSON.stringify({ at: new Date().toISOString(), code, why });
  return `${letter.slice(0, -1)},${otlpMembers(record)}}\n`;
}

function lost(count: number, file: string, reason: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_DEAD_LETTER_FAILED", {
    message: `${count} audit record(s) that were rejected for good could not be kept.`,
    why: `Nothing was written to ${file}: ${reason}.`,
    fix: "Set AUTHLOG_DEAD_LETTER_PATH to a file that can be written, or move the full one away.",
  });
}
