/**
 * A process that keeps dead letters, sends them again now and then, and prints what became of each: `D`
 * when it was kept, `C` before it is said to be delivered.
 *
 * Arguments: the file of the letters, how many letters, and a seed.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { deadLetterFile } from "../../../src/delivery/dead-letter.ts";
import { retryLetters, type RetryLettersOptions } from "../../../src/delivery/retry-letters.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { attributes } from "../../../src/vocabulary.ts";
import { numberedRecord } from "../../support/numbered-record.ts";
import { seeded } from "../../support/random.ts";

const [path = "", count = "0", seed = "1"] = process.argv.slice(2);
const random = seeded(Number(seed));
const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
  message: "m",
  why: "w",
  fix: "f",
});
const say = (what: string, n: unknown): void => void writeSync(1, `${what}${String(n)}\n`);

const letters = deadLetterFile({ path });
let issued = 0;

async function add(): Promise<void> {
  const more = Array.from({ length: 1 + Math.floor(random() * 3) }, () => numberedRecord(++issued));
  letters.write(more.map((record) => ({ record, cause })));
  await letters.onDisk?.();
  for (const record of more) say("D", record.attributes[attributes.sequence]);
}

/** Takes half of what comes, while others are added, and fails now and then. */
const deliver: RetryLettersOptions["deliver"] = async (records) => {
  if (random() < 0.5) await add();
  if (random() < 0.3) return { status: "retryable", cause };
  const refused = new Set([...records.keys()].filter(() => random() < 0.5));
  for (const [index, record] of records.entries()) {
    if (!refused.has(index)) say("C", record.attributes[attributes.sequence]);
  }
  return { status: "rejected", records: [...refused].map((index) => ({ index, cause })) };
};

while (issued < Number(count)) {
  await add();
  if (random() < 0.2) await retryLetters({ path, batchSize: 5, deliver });
}
