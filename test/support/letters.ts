import { deadLetterFile } from "../../src/delivery/dead-letter.ts";
import { letterLines } from "../../src/delivery/letter-lines.ts";
import {
  type LettersRetried,
  retryLetters,
  type RetryLettersOptions,
} from "../../src/delivery/retry-letters.ts";
import { AuthlogError, type AuthlogErrorCode } from "../../src/errors.ts";
import type { DeliveryOutcome, Retryable } from "../../src/telemetry/exporter.ts";
import { attributes } from "../../src/vocabulary.ts";
import { numberedRecord } from "./journal.ts";

/** The reason of a dead letter. */
export function causeOf(code: AuthlogErrorCode, why = "why"): AuthlogError {
  return new AuthlogError(code, { message: "m", why, fix: "f" });
}

/** Writes letters as the processor does, numbered. */
export async function write(
  path: string,
  from: number,
  to: number,
  code: AuthlogErrorCode = "ERR_AUTHLOG_DELIVERY_REJECTED",
): Promise<void> {
  const letters = Array.from({ length: to - from + 1 }, (_, index) => ({
    record: numberedRecord(from + index),
    cause: causeOf(code),
  }));
  const file = deadLetterFile({ path });
  file.write(letters);
  await file.onDisk?.();
}

/** A retry, as it was seen. */
export interface Retried {
  report: LettersRetried;
  /** The letters of each delivery. */
  batches: number[][];
  lines: number[];
}

/** Answers a batch, by the numbers of its letters. */
export type Deliver = (
  numbers: readonly number[],
  ...rest: Parameters<RetryLettersOptions["deliver"]>
) => DeliveryOutcome;

/** Sends the letters of a file again. */
export async function retry(
  path: string,
  deliver: Deliver = () => ({ status: "delivered" }),
  batchSize = 10,
): Promise<Retried> {
  const batches: number[][] = [];
  const lines: number[] = [];
  const report = await retryLetters({
    path,
    batchSize,
    onUnreadable: (line) => lines.push(line),
    deliver: async (records, mayBeThere) => {
      const numbers = records.map((record) => Number(record.attributes[attributes.sequence]));
      batches.push(numbers);
      return deliver(numbers, records, mayBeThere);
    },
  });
  return { report, batches, lines };
}

/** Number and reason of each letter in a file. */
export function storedIn(path: string): [number, string][] {
  return [...letterLines(path)].map(({ letter }) => [
    Number(letter?.record.attributes[attributes.sequence]),
    letter?.why ?? "",
  ]);
}

/** A destination that takes nothing now. */
export const down: Retryable = {
  status: "retryable",
  cause: causeOf("ERR_AUTHLOG_DELIVERY_RETRYABLE"),
};
