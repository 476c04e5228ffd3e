import { resolve } from "node:path";
import { AuthlogError, errorKind } from "../errors.ts";
import { systemReason } from "../files/system-reason.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { fittingLine } from "./fitting-line.ts";
import { maxLineBytes } from "./journal/line-reader.ts";
import { appendLettersSoon } from "./letter-file.ts";
import { mostWhyUnits } from "./letter-lines.ts";
import { plural } from "./plural.ts";

/** A record that will never be delivered, and why. */
export interface DeadLetter {
  record: ReadableLogRecord;
  cause: AuthlogError;
  /** Whether the destination may have it all the same: a process that died may have delivered it. */
  mayBeThere?: boolean;
}

/** Keeps what is rejected for good. */
export interface DeadLetters {
  /**
   * Keeps the records, or says that it cannot. One that throws keeps none.
   *
   * @returns those that are not kept
   */
  write(letters: readonly DeadLetter[]): readonly DeadLetter[];
  /**
   * Resolves when what was written last is on the disk, and rejects where that cannot be known. At
   * `durability: "disk"` the journal keeps its copy until then. Where there is no such function, what
   * was written counts as there.
   */
  onDisk?(): Promise<void>;
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
 * owner alone. Where something cannot be kept, `ERR_AUTHLOG_DEAD_LETTER_FAILED` says so.
 *
 * @example
 * const letters = deadLetterFile({ path: ".authlog/dead-letter.jsonl" });
 * letters.write([{ record, cause }]);
 * await letters.onDisk?.();
 */
export function deadLetterFile({
  path,
  maxBytes = defaultMaxBytes,
}: DeadLetterFileOptions): DeadLetters {
  const file = resolve(path);
  let last = Promise.resolve();
  return {
    write(letters) {
      const { appended, onDisk } = append(file, letters, maxBytes);
      last = onDisk;
      onDisk.catch((cause: unknown) => report(notKept(letters.length, file, systemSays(cause))));
      if (appended.status === "written") return [];
      const [kept, reason] =
        appended.status === "full"
          ? [0, "it is full"]
          : [appended.written, systemSays(appended.cause)];
      const lost = letters.slice(kept);
      report(notKept(lost.length, file, reason));
      return lost;
    },
    onDisk: () => last,
  };
}

function append(
  file: string,
  letters: readonly DeadLetter[],
  maxBytes: number,
): ReturnType<typeof appendLettersSoon> {
  try {
    const lines = letters.map(toLine);
    return appendLettersSoon(file, lines, { maxBytes });
  } catch (cause) {
    return { appended: { status: "failed", written: 0, cause }, onDisk: Promise.resolve() };
  }
}

function systemSays(error: unknown): string {
  if (AuthlogError.is(error)) return error.why;
  const code = systemReason(error);
  return code === undefined
    ? `a record could not be read ${errorKind(error)}`
    : `the system says ${code}`;
}

/** A retry may add a few members, and another reason: the line is to be readable then, too. */
const mostBytes = maxLineBytes - 64 * 1_024;

function toLine({ record, cause, mayBeThere }: DeadLetter): Buffer {
  const { code } = cause;
  const why = cause.why.slice(0, mostWhyUnits);
  const at = new Date().toISOString();
  const letter = JSON.stringify({ at, code, why, ...(mayBeThere === true && { unclear: true }) });
  return fittingLine(
    record,
    (members) => Buffer.from(`${letter.slice(0, -1)},${members}}\n`),
    mostBytes,
  );
}

function notKept(count: number, file: string, reason: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_DEAD_LETTER_FAILED", {
    message: `${plural(count, "audit record")} rejected for good could not be kept.`,
    why: `${file} did not take them: ${reason}.`,
    fix: "Set AUTHLOG_DEAD_LETTER_PATH to a file that can be written, or move the full one away.",
  });
}
