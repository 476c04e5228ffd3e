import { closeSync, constants, fchmodSync, fstatSync, openSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { toPlain } from "../audit-schema/plain.ts";
import { AuthlogError } from "../errors.ts";
import { ensurePrivateFolder } from "../files/private-folder.ts";
import { systemReason } from "../files/system-reason.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";

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
 * `why`, and the `record` as it was emitted, private data already removed. The file is readable by
 * its owner alone. Where nothing can be written, `ERR_AUTHLOG_DEAD_LETTER_FAILED` says so.
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
        if (append(file, lines, maxBytes)) return [];
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

/** One system call where the disk allows: lines of several processes do not mix. */
function append(file: string, lines: Buffer, maxBytes: number): boolean {
  ensurePrivateFolder(dirname(file));
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  // A link, or a pipe, that somebody put in the file's place is not written to. Windows has no such
  // flags, and counts them as 0.
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  const descriptor = openSync(file, flags, 0o600);
  try {
    const { size, mode } = fstatSync(descriptor);
    if (size + lines.length > maxBytes) return false;
    if ((mode & 0o077) !== 0 && process.platform !== "win32") fchmodSync(descriptor, 0o600);
    for (let written = 0; written < lines.length;) written += writeSync(descriptor, lines, written);
    return true;
  } finally {
    closeSync(descriptor);
  }
}

function toLine({ record, cause }: DeadLetter): string {
  const [seconds, nanos] = record.hrTime;
  const { spanContext } = record;
  const letter = {
    at: new Date().toISOString(),
    code: cause.code,
    why: cause.why,
    record: {
      eventName: record.eventName,
      timeUnixMillis: seconds * 1_000 + Math.trunc(nanos / 1_000_000),
      severityNumber: record.severityNumber,
      severityText: record.severityText,
      // A foreign record can hold what JSON cannot.
      body: toPlain(record.body),
      attributes: toPlain(record.attributes),
      traceId: spanContext?.traceId,
      spanId: spanContext?.spanId,
      resource: toPlain(record.resource.attributes),
      scope: record.instrumentationScope.name,
    },
  };
  return `${JSON.stringify(letter)}\n`;
}

function lost(count: number, file: string, reason: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_DEAD_LETTER_FAILED", {
    message: `${count} audit record(s) that were rejected for good could not be kept.`,
    why: `Nothing was written to ${file}: ${reason}.`,
    fix: "Set AUTHLOG_DEAD_LETTER_PATH to a file that can be written, or move the full one away.",
  });
}
