import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deadLetterFile } from "../../src/delivery/dead-letter.ts";
import { letterLines } from "../../src/delivery/letter-lines.ts";
import { retryLetters } from "../../src/delivery/retry-letters.ts";
import { AuthlogError } from "../../src/errors.ts";
import { numberedRecord } from "../support/journal.ts";
import { sequenceOf } from "../support/recovery.ts";
import { watchSlot } from "../support/slot.ts";
import type { SmallDiskSeen } from "./support/small-disk-child.ts";

watchSlot();

const child = new URL("support/small-disk-child.ts", import.meta.url).pathname;
const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
  message: "m",
  why: "w",
  fix: "f",
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-letter-disks-"));
  path = join(folder, "letters.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a process whose files cannot grow beyond 8 kB: a write takes what fits, the next one fails. */
function onSmallDisk(count: number, mood = "refuses"): SmallDiskSeen {
  const limited = ["-c", 'ulimit -f 16; exec "$@"', "sh", process.execPath, child];
  const { stdout, stderr } = spawnSync("sh", [...limited, path, String(count), mood], {
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as SmallDiskSeen;
}

async function write(from: number, to: number): Promise<void> {
  const letters = deadLetterFile({ path });
  letters.write(numbers(from, to).map((n) => ({ record: numberedRecord(n), cause })));
  await letters.onDisk?.();
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Sequences of the letters in the file, and nothing for each line that is none. */
const stored = (): (number | undefined)[] =>
  [...letterLines(path)].map(({ letter }) => letter && sequenceOf(letter.record));

describe.skipIf(process.platform === "win32")("where the disk takes only some dead letters", () => {
  it("those that it took are kept, and only the others told as lost", async () => {
    const { lost, told } = onSmallDisk(40);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost).toEqual(numbers(41 - lost.length, 40));
    expect(told).toEqual([
      `${lost.length} audit records rejected for good could not be kept. ${path} did not take them: the system says EFBIG.`,
    ]);
    // What was cut in two is no letter, and what comes next is not joined to it.
    await write(41, 41);
    expect(stored()).toEqual([...numbers(1, 40 - lost.length), undefined, 41]);
  });

  it.each([
    // Half a letter stays as it is.
    ["refuses", [undefined]],
    ["fails", []],
  ])(
    "a retry to a receiver that %s ends with the system's error, and the next one has all of them",
    async (mood, left) => {
      await write(1, 40);
      expect(onSmallDisk(0, mood).failed).toBe("EFBIG");
      const found: number[] = [];
      await retryLetters({
        path,
        batchSize: 100,
        deliver: async (records) => {
          found.push(...records.map(sequenceOf));
          return { status: "delivered" };
        },
      });
      expect(found.toSorted((a, b) => a - b)).toEqual(numbers(1, 40));
      expect(existsSync(path) ? stored() : []).toEqual(left);
    },
  );
});
