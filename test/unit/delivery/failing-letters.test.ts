import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { letterLines } from "../../../src/delivery/letter-lines.ts";
import { causeOf, type Deliver, down, retry, storedIn, write } from "../../support/letters.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-failing-letters-"));
  path = join(folder, "letters.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const givenUp = "ERR_AUTHLOG_DELIVERY_GIVEN_UP";

/** A destination that fails over some letters, and takes all others. */
const failingOver =
  (...poisoned: number[]): Deliver =>
  (numbers) =>
    numbers.some((n) => poisoned.includes(n)) ? down : { status: "delivered" };

/** It says of a failure that it may be asked again at once. */
const readyOver7: Deliver = (numbers) =>
  numbers.includes(7) ? { ...down, retryAfterMillis: 0 } : { status: "delivered" };
const busy: Deliver = () => ({ ...down, retryAfterMillis: 60_000 });
const refusing: Deliver = () => ({
  status: "rejected",
  records: [{ index: 0, cause: causeOf("ERR_AUTHLOG_DELIVERY_REJECTED") }],
});

const left = (): number[] => storedIn(path).map(([n]) => n);
const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("dead letters that the destination fails over", () => {
  it("go behind the others, alone, and hold up none", async () => {
    await write(path, 1, 3, givenUp);
    await write(path, 4, 20);
    const { report, batches } = await retry(path, failingOver(1, 2, 3), 100);
    expect(batches).toEqual([range(4, 20), [1], [2], [3]]);
    expect(report).toMatchObject({ delivered: 17, waiting: 3, cause: { why: "why" } });
    expect(left()).toEqual([1, 2, 3]);
  });

  it("are found by halves, where nobody knows of them", async () => {
    await write(path, 1, 600);
    const { report, batches } = await retry(path, failingOver(7), 512);
    expect(report).toMatchObject({ delivered: 599, waiting: 1 });
    expect(left()).toEqual([7]);
    expect(batches.length).toBeLessThan(25);
  });

  it("are found as well where it says that it may be asked again at once", async () => {
    await write(path, 1, 20);
    expect((await retry(path, readyOver7)).report).toMatchObject({ delivered: 19, waiting: 1 });
  });

  it.each<[string, number[]]>([
    ["beside one another", range(1, 12)],
    ["far apart", [1, 9, 17, 25, 33, 41, 49, 57]],
    ["in a long row", range(1, 40)],
  ])("are found, by a few retries, where several stand %s", async (_, poisoned) => {
    await write(path, 1, 64);
    // Where all that it has left of a batch fails, a retry ends; each one moves some behind.
    for (let times = 0; times < 14; times += 1) await retry(path, failingOver(...poisoned), 64);
    expect(sorted(left())).toEqual(poisoned);
  });

  it("end a retry after three in a row, and the next one begins with others", async () => {
    await write(path, 1, 7, givenUp);
    const poisoned = failingOver(1, 2, 3, 4, 5);
    expect((await retry(path, poisoned)).batches).toEqual([[1], [2], [3]]);
    expect(left()).toEqual([4, 5, 6, 7, 1, 2, 3]);
    const { report, batches } = await retry(path, poisoned);
    expect(batches).toEqual([[4], [5], [6], [7], [1], [2], [3]]);
    expect(report).toMatchObject({ delivered: 2, waiting: 5 });
  });

  it("are not tried twice by one retry", async () => {
    await write(path, 1, 4);
    const { batches } = await retry(path, failingOver(2));
    expect(batches.filter((numbers) => numbers.length === 1 && numbers[0] === 2)).toHaveLength(1);
  });

  it("may have been taken with the others of their batch, each of which is in doubt then", async () => {
    await write(path, 1, 4);
    const inDoubt: number[][] = [];
    await retry(path, (numbers, records, mayBeThere) => {
      inDoubt.push(numbers.filter((_, index) => mayBeThere.has(records[index]!)));
      return numbers.includes(1)
        ? { ...down, unclear: numbers.length === 4 }
        : { status: "delivered" };
    });
    expect(inDoubt.slice(0, 3)).toEqual([[], [1, 2], [4]]);
    expect([...letterLines(path)].map(({ letter }) => letter?.unclear)).toEqual([true]);
  });
});

describe("a destination that takes nothing", () => {
  it("is asked a few times, and all letters stay", async () => {
    await write(path, 1, 600);
    await write(path, 601, 620, givenUp);
    const { report, batches } = await retry(path, () => down, 512);
    expect(report).toMatchObject({ delivered: 0, waiting: 620, cause: { why: "why" } });
    expect(batches.length).toBeLessThanOrEqual(5);
    expect(sorted(left())).toEqual(range(1, 620));
  });

  it("and says when to come back is asked once; the next retry begins with others", async () => {
    await write(path, 1, 30);
    expect((await retry(path, busy)).batches).toEqual([range(1, 10)]);
    expect((await retry(path, busy)).batches).toEqual([range(11, 20)]);
    expect(sorted(left())).toEqual(range(1, 30));
  });
});

describe("a letter that stands in the file twice", () => {
  it.each<[string, Deliver]>([
    ["stayed", refusing],
    ["went behind the others", failingOver(1)],
  ])(
    "since it %s, and how far the retry came could not be noted, is sent once",
    async (_, deliver) => {
      await write(path, 1, 4);
      const inTheWay: Deliver = (...args) => {
        mkdirSync(`${path}.retrying.done`, { recursive: true });
        return deliver(...args);
      };
      await expect(retry(path, inTheWay)).rejects.toMatchObject({ code: "EISDIR" });
      rmdirSync(`${path}.retrying.done`);
      const { report, batches } = await retry(path);
      expect(sorted(batches.flat())).toEqual([1, 2, 3, 4]);
      expect(report).toMatchObject({ delivered: 4, waiting: 0 });
    },
  );

  it("is in doubt where either of them is, and stays once", async () => {
    await write(path, 1, 2);
    const [first = "", second = ""] = readFileSync(path, "utf8").split("\n");
    const unclear = JSON.stringify({ ...(JSON.parse(first) as object), unclear: true });
    writeFileSync(path, `${unclear}\n${second}\n${first}\n`);
    const { batches } = await retry(path, (_, records, mayBeThere) => {
      expect(records.map((record) => mayBeThere.has(record))).toEqual([false, true]);
      return { ...down, retryAfterMillis: 1 };
    });
    expect(batches).toEqual([[2, 1]]);
    expect([...letterLines(path)].map(({ letter }) => letter?.unclear)).toEqual([false, true]);
  });
});
