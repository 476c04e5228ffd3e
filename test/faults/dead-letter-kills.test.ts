import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deadLetterFile } from "../../src/delivery/dead-letter.ts";
import { retryLetters } from "../../src/delivery/retry-letters.ts";
import { AuthlogError } from "../../src/errors.ts";
import { attributes } from "../../src/vocabulary.ts";
import { numberedRecord } from "../support/journal.ts";
import { seeded } from "../support/random.ts";
import { watchSlot } from "../support/slot.ts";

const watched = watchSlot();

const long = process.env.TEST_AUTHLOG_LONG === "1";
const rounds = long ? 200 : 12;
const seed = Number(process.env.TEST_AUTHLOG_SEED ?? 20_261_123);

const child = join(import.meta.dirname, "support/retry-letters-child.ts");
const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
  message: "m",
  why: "why",
  fix: "f",
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-letter-kills-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Trial {
  issued: number;
  killed: number;
  /** How often each letter was delivered. */
  delivered: Map<number, number>;
}

/** Has letters sent again by processes that are killed, while this one adds others. */
async function trial(protection: "on" | "off", times: number): Promise<Trial> {
  const random = seeded(seed);
  const path = join(folder, "letters.jsonl");
  const log = join(folder, "delivered");
  writeFileSync(log, "");
  // The bound of the file is none here: what does not fit would be lost with a diagnostic.
  const letters = deadLetterFile({ path, maxBytes: Infinity });
  let issued = 0;
  const add = (count: number): void => {
    const more = Array.from({ length: count }, () => ({ record: numberedRecord(++issued), cause }));
    letters.write(more);
  };
  let killed = 0;
  for (let round = 0; round < times; round += 1) {
    add(500);
    const args = [path, log, protection, String(seed + round)];
    const process = fork(child, args, { execArgv: [] });
    const ended = once(process, "exit");
    await Promise.race([once(process, "message"), ended]);
    // One of ten may come to its end, or all of them would only put back what waits.
    const killAt = round % 10 === 0 ? Infinity : performance.now() + random() * 40;
    while (isRunning(process)) {
      add(1);
      if (performance.now() > killAt) process.kill("SIGKILL");
      await delay(1);
    }
    await ended;
    if (process.signalCode === "SIGKILL") killed += 1;
  }
  // Nothing is to be under way when the folder goes.
  await letters.onDisk?.();
  // At last, one that takes everything.
  await retryLetters({
    path,
    batchSize: 100,
    deliver: async (records) => {
      const numbers = records.map(
        (record) => `${String(record.attributes[attributes.sequence])}\n`,
      );
      writeFileSync(log, numbers.join(""), { flag: "a" });
      return { status: "delivered" };
    },
  });
  expect(existsSync(path)).toBe(false);
  const numbers = readFileSync(log, "utf8").trimEnd().split("\n").map(Number);
  const delivered = new Map<number, number>();
  for (const n of numbers) delivered.set(n, (delivered.get(n) ?? 0) + 1);
  return { issued, killed, delivered };
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

const lostOf = ({ issued, delivered }: Trial): number =>
  Array.from({ length: issued }, (_, index) => index + 1).filter((n) => !delivered.has(n)).length;

describe(`dead letters sent again by processes that are killed, seed ${seed}`, () => {
  it("are lost where the file is read and written back: the protection is off", async () => {
    expect(lostOf(await trial("off", 3))).toBeGreaterThan(0);
  });

  it(`are all delivered in the end, also those that are added meanwhile, in ${rounds} rounds`, async () => {
    const result = await trial("on", rounds);
    const twice = [...result.delivered.values()].filter((times) => times > 1).length;
    // oxlint-disable-next-line no-console -- figures for the README
    console.info({ ...result, delivered: result.delivered.size, twice });
    expect(watched.diagnostics).toEqual([]);
    expect(lostOf(result)).toBe(0);
    expect(result.delivered.size).toBe(result.issued);
    expect(result.killed).toBeGreaterThan(rounds / 4);
  });
});
