/**
 * A process that sends dead letters again, and is killed. Its arguments: the file of the letters, the
 * file that notes what was delivered, the protection, and a seed.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { letterLines } from "../../../src/delivery/letter-lines.ts";
import { retryLetters, type RetryLettersOptions } from "../../../src/delivery/retry-letters.ts";
import { AuthlogError } from "../../../src/errors.ts";
import type { ReadableLogRecord } from "../../../src/telemetry/exporter.ts";
import { attributes } from "../../../src/vocabulary.ts";
import { seeded } from "../../support/random.ts";

const [path = "", delivered = "", protection = "", seed = "0"] = process.argv.slice(2);
const random = seeded(Number(seed));
const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
  message: "m",
  why: "again",
  fix: "f",
});

const sequenceOf = (record: ReadableLogRecord): number =>
  Number(record.attributes[attributes.sequence]);

/** A receiver that notes what it takes before it answers, fails over some, and refuses one of ten. */
const deliver: RetryLettersOptions["deliver"] = async (records) => {
  if (records.some((record) => sequenceOf(record) % 40 === 0)) {
    return { status: "retryable", cause };
  }
  const refused = new Set([...records.keys()].filter(() => random() < 0.1));
  const taken = records.filter((_, index) => !refused.has(index));
  const lines = taken.map((record) => `${sequenceOf(record)}\n`);
  appendFileSync(delivered, lines.join(""));
  await setImmediate();
  return { status: "rejected", records: [...refused].map((index) => ({ index, cause })) };
};

/** What whoever writes such a command first would write. */
async function retryNaively(): Promise<void> {
  const lines = [...letterLines(path)];
  const stays: Buffer[] = [];
  for (let from = 0; from < lines.length; from += 10) {
    const some = lines.slice(from, from + 10);
    const outcome = await deliver(
      some.flatMap(({ letter }) => letter?.record ?? []),
      new Set(),
    );
    const refused = outcome.status === "rejected" ? outcome.records : [];
    stays.push(...refused.flatMap(({ index }) => some[index]?.bytes ?? []));
  }
  writeFileSync(path, Buffer.concat(stays));
}

process.send?.("ready");
if (protection === "on") await retryLetters({ path, batchSize: 10, deliver });
else if (readFileSync(path).length > 0) await retryNaively();
process.disconnect();
