import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deadLetterFile } from "../../../src/delivery/dead-letter.ts";
import { appendLetters } from "../../../src/delivery/letter-file.ts";
import { letterLines } from "../../../src/delivery/letter-lines.ts";
import {
  type LettersRetried,
  retryLetters,
  type RetryLettersOptions,
  unfinishedRetry,
} from "../../../src/delivery/retry-letters.ts";
import { AuthlogError, type AuthlogErrorCode } from "../../../src/errors.ts";
import { tryLock } from "../../../src/files/kernel-lock.ts";
import type { DeliveryOutcome } from "../../../src/telemetry/exporter.ts";
import { attributes } from "../../../src/vocabulary.ts";
import { numberedRecord } from "../../support/journal.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-letters-"));
  path = join(folder, "letters.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const causeOf = (code: AuthlogErrorCode, why = "why"): AuthlogError =>
  new AuthlogError(code, { message: "m", why, fix: "f" });

/** Writes letters as the processor does. */
async function write(
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

interface Retried {
  report: LettersRetried;
  /** The letters of each delivery. */
  batches: number[][];
  lines: number[];
}

type Deliver = (
  numbers: readonly number[],
  ...rest: Parameters<RetryLettersOptions["deliver"]>
) => DeliveryOutcome;

async function retry(
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

/** Number and reason of each letter in the file. */
const stored = (): [number, string][] =>
  [...letterLines(path)].map(({ letter }) => [
    Number(letter?.record.attributes[attributes.sequence]),
    letter?.why ?? "",
  ]);
const beside = (): string[] => readdirSync(folder).toSorted();
const down: DeliveryOutcome = {
  status: "retryable",
  cause: causeOf("ERR_AUTHLOG_DELIVERY_RETRYABLE"),
};

/** What a deliverer throws stands for the end of the process: nothing after it happens. */
const killed: Deliver = () => {
  throw new Error("killed");
};

describe("dead letters that are sent again", () => {
  it("leave it also where only the others of their batch have to wait", async () => {
    await write(1, 4);
    const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED", "too large");
    const { report } = await retry(() => ({
      ...down,
      settled: [{ index: 0 }, { index: 2, cause }],
    }));
    expect(report).toMatchObject({ delivered: 1, rejected: 1, waiting: 2 });
    expect(stored()).toEqual([
      [2, "why"],
      [3, "too large"],
      [4, "why"],
    ]);
  });

  it("leave the file once they are delivered, with all that was in them", async () => {
    await write(1, 25);
    const seen: unknown[] = [];
    const { report, batches } = await retry((_, records) => {
      seen.push(...records);
      return { status: "delivered" };
    });
    expect(report).toEqual({ delivered: 25, rejected: 0, waiting: 0, unreadable: 0 });
    expect(batches.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(seen[24]).toEqual(numberedRecord(25));
    expect(beside()).toEqual(["letters.jsonl.lock"]);
  });

  it("stay with the new reason if they are rejected again", async () => {
    await write(1, 5);
    const cause = causeOf("ERR_AUTHLOG_RECORD_UNMAPPABLE", "another reason");
    const { report } = await retry(() => ({ status: "rejected", records: [{ index: 1, cause }] }));
    expect(report).toMatchObject({ delivered: 4, rejected: 1 });
    expect(stored()).toEqual([[2, "another reason"]]);
  });

  it("stay as they are where the destination takes nothing, which is asked once", async () => {
    await write(1, 25);
    const before = readFileSync(path);
    const { report, batches } = await retry(() => down);
    expect(report).toMatchObject({ delivered: 0, waiting: 25, cause: { why: "why" } });
    expect(batches).toHaveLength(1);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("that the destination failed over go alone, and hold up no other", async () => {
    await write(1, 3);
    await write(4, 4, "ERR_AUTHLOG_DELIVERY_GIVEN_UP");
    await write(5, 6);
    const { batches } = await retry((numbers) =>
      numbers.includes(4) ? down : { status: "delivered" },
    );
    expect(batches).toEqual([[1, 2, 3], [4], [5, 6]]);
    expect(stored().map(([n]) => n)).toEqual([4]);
  });

  it("are joined by those that a process adds meanwhile, which wait for the next time", async () => {
    await write(1, 3);
    let added: Promise<void> | undefined;
    await retry(() => {
      added = write(4, 5);
      return { status: "delivered" };
    });
    await added;
    expect(stored().map(([n]) => n)).toEqual([4, 5]);
  });

  it("are sent by one process at a time", async () => {
    await write(1, 1);
    const lock = tryLock(`${path}.lock`);
    await expect(retry()).rejects.toMatchObject({ code: "ERR_AUTHLOG_RETRY_RUNNING" });
    lock?.release();
    expect((await retry()).report.delivered).toBe(1);
  });

  it("are none where there is no file, and nothing is made", async () => {
    expect((await retry()).report).toMatchObject({ delivered: 0, unreadable: 0 });
    expect(beside()).toEqual([]);
  });
});

/** Has them sent again; says which of them were marked. */
async function marked(outcome: DeliveryOutcome = { status: "delivered" }): Promise<number[]> {
  const numbers: number[] = [];
  await retry((batch, records, mayBeThere) => {
    numbers.push(...batch.filter((_, index) => mayBeThere.has(records[index]!)));
    return outcome;
  });
  return numbers;
}

describe("dead letters that the destination may have taken", () => {
  it("are those of an earlier retry that ended without a clear answer, until they are settled", async () => {
    await write(1, 2);
    expect(await marked({ ...down, unclear: true, settled: [{ index: 1 }] })).toEqual([]);
    await write(3, 3);
    // A clear failure says nothing of the attempt before it.
    expect(await marked(down)).toEqual([1]);
    expect(await marked()).toEqual([1]);
    expect(beside()).toEqual(["letters.jsonl.lock"]);
  });

  it("are in the file as they were, but for one member more", async () => {
    await write(1, 1);
    const before = JSON.parse(readFileSync(path, "utf8")) as object;
    await marked({ ...down, unclear: true });
    await marked({ ...down, unclear: true });
    const [line = "", ...rest] = readFileSync(path, "utf8").split("\n");
    expect([JSON.parse(line), rest]).toEqual([{ ...before, unclear: true }, [""]]);
  });

  it("are no longer those that it refuses clearly", async () => {
    await write(1, 2);
    await marked({ ...down, unclear: true });
    const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED", "too large");
    expect(await marked({ ...down, settled: [{ index: 0, cause }] })).toEqual([1, 2]);
    expect(await marked()).toEqual([2]);
  });

  it("are those that were given up", async () => {
    await write(1, 1);
    await write(2, 2, "ERR_AUTHLOG_DELIVERY_GIVEN_UP");
    expect(await marked()).toEqual([2]);
  });

  it("are those of a retry that was killed, also where the one after it is down or killed", async () => {
    await write(1, 2);
    await expect(retry(killed)).rejects.toThrow("killed");
    expect(await marked(down)).toEqual([1, 2]);
    expect(await marked()).toEqual([1, 2]);
  });
});

describe("a retry that was killed", () => {
  it("is gone on with: what it delivered and noted is not sent again, the rest may be there", async () => {
    await write(1, 25);
    const ended = retry((numbers, ...rest) =>
      numbers.includes(11) ? killed(numbers, ...rest) : { status: "delivered" },
    );
    await expect(ended).rejects.toThrow("killed");
    expect(unfinishedRetry(path)?.offset).toBeGreaterThan(0);
    await write(26, 27);

    const doubtful: number[] = [];
    const { report, batches } = await retry((_, records, mayBeThere) => {
      doubtful.push(records.filter((record) => mayBeThere.has(record)).length);
      return { status: "delivered" };
    }, 100);
    expect(report.delivered).toBe(17);
    expect(batches).toEqual([[26, 27, ...Array.from({ length: 15 }, (_, n) => n + 11)]]);
    // Those that came since were under way nowhere.
    expect(doubtful).toEqual([15]);
    expect(beside()).toEqual(["letters.jsonl.lock"]);
  });

  it("that noted nothing is begun anew, and loses nothing", async () => {
    await write(1, 5);
    await expect(retry(killed)).rejects.toThrow("killed");
    writeFileSync(`${path}.retrying.done`, "no number");
    expect((await retry()).report.delivered).toBe(5);
  });
});

const withoutBreaks = (bytes: Buffer): string => bytes.toString("latin1").replaceAll("\n", "");

describe("whatever else stands in the file", () => {
  it.each<[string, string | Buffer, number[]]>([
    ["text", "no JSON at all\n", [2]],
    ["JSON of somebody else", '{"at":"x","code":"y","why":"z"}\n[]\nnull\n7\n', [2, 3, 4, 5]],
    ["a letter without a reason", `${JSON.stringify({ resourceLogs: [] })}\n`, [2]],
    ["deep nesting", `${"[".repeat(100_000)}${"]".repeat(100_000)}\n`, [2]],
    ["escape sequences", '\u001b[2J\u001b]0;owned\u0007{"at":1}\n', [2]],
    ["bytes that are no UTF-8", Buffer.from([0xff, 0xfe, 0x00, 0x0a]), [2]],
    ["a line of 20 MiB", `${"x".repeat(20 * 1024 ** 2)}\n`, [2]],
    ["a torn line at the end", '{"at":"2026-', [2]],
  ])("is told by its line, and kept as it is: %s", async (_, junk, lines) => {
    await write(1, 1);
    appendFileSync(path, junk);
    const torn = !junk.toString().endsWith("\n");
    if (!torn) await write(2, 2);
    const { report, lines: told } = await retry();
    expect(told).toEqual(lines);
    expect(report).toMatchObject({ delivered: torn ? 1 : 2, unreadable: lines.length });
    // A line without an end is given one; one that is too long is broken.
    const kept = readFileSync(path);
    expect(kept.at(-1)).toBe(0x0a);
    expect(withoutBreaks(kept) === withoutBreaks(Buffer.from(junk))).toBe(true);
    // What comes next is not joined to it.
    await write(3, 3);
    expect((await retry()).report.delivered).toBe(1);
  });

  it("empty lines are no lines", async () => {
    await write(1, 1);
    appendFileSync(path, "\n\n");
    await write(2, 2);
    expect((await retry()).report).toMatchObject({ delivered: 2, unreadable: 0 });
  });

  it("a folder or a link in its place is wrong usage", async () => {
    await expect(
      retryLetters({ path: folder, batchSize: 1, deliver: async () => down }),
    ).rejects.toMatchObject({ code: "ERR_AUTHLOG_USAGE" });
  });
});

const line = (text: string): Buffer => Buffer.from(`${text}\n`);

describe("a file of dead letters", () => {
  it("is not appended to beyond its bound, and as a whole line behind half of one", () => {
    appendFileSync(path, "half");
    expect(appendLetters(path, [line("whole")], { maxBytes: 9 })).toEqual({ status: "full" });
    expect(appendLetters(path, [line("whole")])).toEqual({ status: "written" });
    expect(readFileSync(path, "utf8")).toBe("half\nwhole\n");
  });

  it.each([
    ["", 0, 0],
    ["", 5, 1],
    ["", 8, 1],
    ["", 10, 2],
    ["half", 0, 0],
    ["half", 5, 0],
    ["half", 6, 1],
  ])("that has %j, on a disk that has room for %i bytes more, takes %i whole lines", (...args) => {
    const [before, room, written] = args;
    appendFileSync(path, before);
    const cause = new Error("ENOSPC");
    let left = room;
    const untilFull = (descriptor: number, bytes: Buffer, offset: number): number => {
      const length = Math.min(left, bytes.length - offset);
      if (length === 0) throw cause;
      left -= length;
      return writeSync(descriptor, bytes, offset, length);
    };
    const lines = [line("some"), line("more"), line("last")];
    const appended = appendLetters(path, lines, { write: untilFull });
    expect(appended).toEqual({ status: "failed", written, cause });
    const whole = readFileSync(path, "utf8").split("\n").slice(0, -1);
    expect(whole.filter((text) => text !== before)).toHaveLength(written);
  });

  it("that is taken away while a line is written to it has the line in the next one", async () => {
    await write(1, 1);
    const letter = readFileSync(path);
    rmSync(path);
    writeFileSync(path, "");
    /** A whole retry, between the opening of the file and the writing. */
    const duringRetry = (descriptor: number, bytes: Buffer, offset: number): number => {
      const aside = `${path}.retrying`;
      if (!existsSync(path)) return writeSync(descriptor, bytes, offset);
      renameSync(path, aside);
      const written = writeSync(descriptor, bytes, offset);
      rmSync(aside);
      return written;
    };
    // Whoever does not look again has written to a file that is gone.
    const descriptor = openSync(path, "a");
    duringRetry(descriptor, letter, 0);
    closeSync(descriptor);
    expect(existsSync(path)).toBe(false);

    writeFileSync(path, "");
    let times = 0;
    const writeOnce = (...args: Parameters<typeof duringRetry>): number => {
      times += 1;
      return times === 1 ? duringRetry(...args) : writeSync(...args);
    };
    expect(appendLetters(path, [letter], { write: writeOnce })).toEqual({ status: "written" });
    expect(stored()).toEqual([[1, "why"]]);
  });
});
