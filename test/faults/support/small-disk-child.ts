/**
 * A process whose files may not grow far. It keeps dead letters, or sends those that are there to a
 * receiver that takes none, and prints what it was told.
 *
 * Arguments: the file of the letters, and how many are to be kept: where none, they are sent again; and
 * whether the receiver then refuses or fails.
 */
import process from "node:process";
import { deadLetterFile } from "../../../src/delivery/dead-letter.ts";
import { retryLetters } from "../../../src/delivery/retry-letters.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { getSlot } from "../../../src/slot.ts";
import { attributes } from "../../../src/vocabulary.ts";
import { numberedRecord } from "../../support/numbered-record.ts";

/** What the process was told. */
export interface SmallDiskSeen {
  /** Sequences of the letters that were not kept. */
  lost: unknown[];
  /** The texts of the diagnostics. */
  told: string[];
  /** The code of the error that a retry ended with. */
  failed?: string | undefined;
}

const [path = "", count = "0", mood = "refuses"] = process.argv.slice(2);
const seen: SmallDiskSeen = { lost: [], told: [] };
getSlot().onDiagnostic = ({ message, why }) => void seen.told.push(`${message} ${why}`);
const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", {
  message: "m",
  why: "w",
  fix: "f",
});

if (Number(count) > 0) {
  const letters = Array.from({ length: Number(count) }, (_, index) => ({
    record: numberedRecord(index + 1),
    cause,
  }));
  const lost = deadLetterFile({ path }).write(letters);
  seen.lost = lost.map(({ record }) => record.attributes[attributes.sequence]);
} else {
  try {
    await retryLetters({
      path,
      batchSize: 100,
      deliver: async (records) =>
        mood === "fails"
          ? { status: "retryable", cause }
          : { status: "rejected", records: records.map((_, index) => ({ index, cause })) },
    });
  } catch (error) {
    seen.failed = (error as NodeJS.ErrnoException).code;
  }
}
process.stdout.write(JSON.stringify(seen));
