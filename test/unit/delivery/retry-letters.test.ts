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
import { appendLetters } from "../../../src/delivery/letter-file.ts";
import { unfinishedRetry } from "../../../src/delivery/letter-sources.ts";
import { retryLetters } from "../../../src/delivery/retry-letters.ts";
import { tryLock } from "../../../src/files/kernel-lock.ts";
import type { DeliveryOutcome, Retryable } from "../../../src/telemetry/exporter.ts";
import { numberedRecord } from "../../support/journal.ts";
import { causeOf, type Deliver, down, retry, storedIn, write } from "../../support/letters.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-letters-"));
  path = join(folder, "letters.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const beside = (): string[] => readdirSync(folder).toSorted();
/** What a deliverer throws stands for the end of the process: nothing after it happens. */
const killed: Deliver = () => {
  throw new Error("killed");
};

describe("dead letters that are sent again", () => {
  it("leave it also where only the others of their batch have to wait", async () => {
    await write(path, 1, 4);
    const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED", "too large");
    const { report } = await retry(path, (numbers) =>
      numbers.length === 4 ? { ...down, settled: [{ index: 0 }, { index: 2, cause }] } : down,
    );
    expect(report).toMatchObject({ delivered: 1, rejected: 1, waiting: 2 });
    expect(storedIn(path)).toEqual([
      [3, "too large"],
      [2, "why"],
      [4, "why"],
    ]);
  });

  it("leave the file once they are delivered, with all that was in them", async () => {
    await write(path, 1, 25);
    const seen: unknown[] = [];
    const { report, batches } = await retry(path, (_, records) => {
      seen.push(...records);
      return { status: "delivered" };
    });
    expect(report).toEqual({ delivered: 25, rejected: 0, waiting: 0, unreadable: 0 });
    expect(batches.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(seen[24]).toEqual(numberedRecord(25));
    expect(beside()).toEqual(["letters.jsonl.lock"]);
  });

  it("stay with the new reason if they are rejected again", async () => {
    await write(path, 1, 5);
    const cause = causeOf("ERR_AUTHLOG_RECORD_UNMAPPABLE", "another reason");
    const { report } = await retry(path, () => ({
      status: "rejected",
      records: [{ index: 1, cause }],
    }));
    expect(report).toMatchObject({ delivered: 4, rejected: 1 });
    expect(storedIn(path)).toEqual([[2, "another reason"]]);
  });

  it("are joined by those that a process adds meanwhile, which wait for the next time", async () => {
    await write(path, 1, 3);
    let added: Promise<void> | undefined;
    await retry(path, () => {
      added = write(path, 4, 5);
      return { status: "delivered" };
    });
    await added;
    expect(storedIn(path).map(([n]) => n)).toEqual([4, 5]);
  });

  it("are sent by one process at a time", async () => {
    await write(path, 1, 1);
    const lock = tryLock(`${path}.lock`);
    await expect(retry(path)).rejects.toMatchObject({ code: "ERR_AUTHLOG_RETRY_RUNNING" });
    lock?.release();
    expect((await retry(path)).report.delivered).toBe(1);
  });

  it("are none where there is no file, and nothing is made", async () => {
    expect((await retry(path)).report).toMatchObject({ delivered: 0, unreadable: 0 });
    expect(beside()).toEqual([]);
  });
});

/** Has them sent again; says which of them were marked, in the first delivery. */
async function marked(outcome: DeliveryOutcome = { status: "delivered" }): Promise<number[]> {
  const numbers: number[][] = [];
  await retry(path, (batch, records, mayBeThere) => {
    numbers.push(batch.filter((_, index) => mayBeThere.has(records[index]!)));
    return outcome;
  });
  return numbers[0] ?? [];
}

/** There is no second attempt. */
const later: Retryable = { ...down, retryAfterMillis: 60_000 };

describe("dead letters that the destination may have taken", () => {
  it("are those of an earlier retry that ended without a clear answer, until they are delivered", async () => {
    await write(path, 1, 2);
    expect(await marked({ ...later, unclear: true, settled: [{ index: 1 }] })).toEqual([]);
    await write(path, 3, 3);
    // A clear failure says nothing of the attempt before it.
    expect(await marked(later)).toEqual([1]);
    expect(await marked()).toEqual([1]);
    expect(beside()).toEqual(["letters.jsonl.lock"]);
  });

  it("are in the file as they were, but for one member more", async () => {
    await write(path, 1, 1);
    const before = JSON.parse(readFileSync(path, "utf8")) as object;
    await marked({ ...later, unclear: true });
    await marked({ ...later, unclear: true });
    const [line = "", ...rest] = readFileSync(path, "utf8").split("\n");
    expect([JSON.parse(line), rest]).toEqual([{ ...before, unclear: true }, [""]]);
  });

  it("are those still when they are refused: that says nothing of the attempt before it, either", async () => {
    const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED", "too large");
    const refused: DeliveryOutcome = { status: "rejected", records: [{ index: 0, cause }] };
    await write(path, 1, 1);
    await marked({ ...later, unclear: true });
    await write(path, 2, 2, "ERR_AUTHLOG_DELIVERY_GIVEN_UP");
    await retry(path, () => refused);
    expect(storedIn(path)).toEqual([
      [1, "too large"],
      [2, "too large"],
    ]);
    await write(path, 3, 3);
    expect(await marked()).toEqual([1, 2]);
  });

  it("are those that it fails over without an answer, and then refuses alone", async () => {
    const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED", "too large");
    await write(path, 1, 2);
    await retry(path, (numbers) =>
      numbers.length > 1
        ? { ...down, unclear: true }
        : { status: "rejected", records: [{ index: 0, cause }] },
    );
    expect(await marked()).toEqual([1, 2]);
  });

  it("are those that were given up", async () => {
    await write(path, 1, 1, "ERR_AUTHLOG_DELIVERY_GIVEN_UP");
    expect(await marked()).toEqual([1]);
  });

  it("are those of a retry that was killed, also where the one after it is down or killed", async () => {
    await write(path, 1, 2);
    await expect(retry(path, killed)).rejects.toThrow("killed");
    expect(await marked(later)).toEqual([1, 2]);
    expect(await marked()).toEqual([1, 2]);
  });
});

describe("a retry that was killed", () => {
  it("is gone on with: what it delivered and noted is not sent again, the rest may be there", async () => {
    await write(path, 1, 25);
    const ended = retry(path, (numbers, ...rest) =>
      numbers.includes(11) ? killed(numbers, ...rest) : { status: "delivered" },
    );
    await expect(ended).rejects.toThrow("killed");
    expect(unfinishedRetry(path)?.offset).toBeGreaterThan(0);
    await write(path, 26, 27);

    const doubtful: number[] = [];
    const { report, batches } = await retry(
      path,
      (_, records, mayBeThere) => {
        doubtful.push(records.filter((record) => mayBeThere.has(record)).length);
        return { status: "delivered" };
      },
      100,
    );
    expect(report.delivered).toBe(17);
    expect(batches).toEqual([[26, 27, ...Array.from({ length: 15 }, (_, n) => n + 11)]]);
    // Those that came since were under way nowhere.
    expect(doubtful).toEqual([15]);
    expect(beside()).toEqual(["letters.jsonl.lock"]);
  });

  it("that noted nothing is begun anew, and loses nothing", async () => {
    await write(path, 1, 5);
    await expect(retry(path, killed)).rejects.toThrow("killed");
    writeFileSync(`${path}.retrying.done`, "no number");
    expect((await retry(path)).report.delivered).toBe(5);
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
    await write(path, 1, 1);
    appendFileSync(path, junk);
    const torn = !junk.toString().endsWith("\n");
    if (!torn) await write(path, 2, 2);
    const { report, lines: told } = await retry(path);
    expect(told).toEqual(lines);
    expect(report).toMatchObject({ delivered: torn ? 1 : 2, unreadable: lines.length });
    // A line without an end is given one; one that is too long is broken.
    const kept = readFileSync(path);
    expect(kept.at(-1)).toBe(0x0a);
    expect(withoutBreaks(kept) === withoutBreaks(Buffer.from(junk))).toBe(true);
    // What comes next is not joined to it.
    await write(path, 3, 3);
    expect((await retry(path)).report.delivered).toBe(1);
  });

  it("empty lines are no lines", async () => {
    await write(path, 1, 1);
    appendFileSync(path, "\n\n");
    await write(path, 2, 2);
    expect((await retry(path)).report).toMatchObject({ delivered: 2, unreadable: 0 });
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
    appendFileSync(path, '{"at":"half');
    expect(appendLetters(path, [line("whole")], { maxBytes: 16 })).toEqual({ status: "full" });
    expect(appendLetters(path, [line("whole")])).toEqual({ status: "written" });
    expect(readFileSync(path, "utf8")).toBe('{"at":"half\nwhole\n');
  });

  it.each([
    ["", 0, 0],
    ["", 5, 1],
    ["", 8, 1],
    ["", 10, 2],
    ['{"at"', 0, 0],
    ['{"at"', 5, 0],
    ['{"at"', 6, 1],
  ])("that has %j, on a disk that has room for %i bytes more, takes %i whole lines", (...args) => {
    const [before, room, written] = args;
    appendFileSync(path, before, { mode: 0o600 });
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
    await write(path, 1, 1);
    const letter = readFileSync(path);
    rmSync(path);
    writeFileSync(path, "", { mode: 0o600 });
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

    writeFileSync(path, "", { mode: 0o600 });
    let times = 0;
    const writeOnce = (...args: Parameters<typeof duringRetry>): number => {
      times += 1;
      return times === 1 ? duringRetry(...args) : writeSync(...args);
    };
    expect(appendLetters(path, [letter], { write: writeOnce })).toEqual({ status: "written" });
    expect(storedIn(path)).toEqual([[1, "why"]]);
  });
});
