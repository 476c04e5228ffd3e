import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Journal } from "../../../../src/delivery/journal/journal.ts";
import { journalDefaults } from "../../../../src/delivery/journal/journal-options.ts";
import { type JournalSummary, viewJournal } from "../../../../src/delivery/journal/journal-view.ts";
import { createClock } from "../../../support/delivery.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { watchSlot } from "../../../support/slot.ts";

watchSlot();

function open(dir: string): Journal {
  const journal = new Journal({ ...journalDefaults, dir }, "process", {
    clock: createClock(),
    onChange: () => {},
    onGone: () => {},
  });
  journal.start();
  return journal;
}

/** Appends records, and confirms those that are named. */
function write(journal: Journal, count: number, confirmed: readonly number[] = []): void {
  for (let n = 1; n <= count; n += 1) {
    const appended = journal.append(numberedRecord(n), "could", 1);
    if (appended.status !== "kept") throw new Error(appended.status);
    if (confirmed.includes(n)) journal.confirm([appended.position]);
  }
}

/** Names, sizes and contents of all files. */
function contents(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      const path = join(dir, name);
      const { mtimeMs } = statSync(path);
      const text = statSync(path).isFile() ? readFileSync(path, "latin1") : "";
      return `${name} ${mtimeMs} ${text}`;
    });
}

const millisOf = (n: number): number => (1_700_000_000 + n) * 1_000;

describe("a look at a journal", () => {
  it("tells what waits in a living process's lane, since when, and the last confirmation", () => {
    const dir = journalFolder();
    const journal = open(dir);
    write(journal, 10, [1, 2, 4]);
    const { lanes, total } = viewJournal(dir);
    expect(lanes).toMatchObject([{ owner: "living", depth: 7, oldestUnixMillis: millisOf(3) }]);
    expect(total.bytes).toBe(journal.size);
    expect(Math.abs((total.confirmedUnixMillis ?? 0) - Date.now())).toBeLessThan(60_000);
    journal.close();
    expect(viewJournal(dir).lanes).toMatchObject([{ owner: "none", depth: 7 }]);
  });

  it("changes nothing, and keeps nobody from taking the lanes of the dead over", () => {
    const dir = journalFolder();
    const [first, second] = [open(dir), open(dir)];
    write(first, 5);
    write(second, 5);
    first.close();
    const before = contents(dir);
    const seen: JournalSummary[] = [];
    for (let times = 0; times < 3; times += 1) seen.push(viewJournal(dir));
    expect(contents(dir)).toEqual(before);
    expect(seen.map(({ total }) => total.depth)).toEqual([10, 10, 10]);
    expect(
      viewJournal(dir)
        .lanes.map(({ owner }) => owner)
        .toSorted(),
    ).toEqual(["living", "none"]);
    second.close();
    const next = open(dir);
    expect(next.owed).toBe(10);
    next.close();
  });

  it("counts what can be read of a torn or damaged segment", () => {
    const dir = journalFolder();
    const journal = open(dir);
    write(journal, 10);
    journal.close();
    const [file = ""] = segmentFiles(dir);
    truncateSync(file, statSync(file).size - 10);
    expect(viewJournal(dir).total).toMatchObject({ depth: 9, oldestUnixMillis: millisOf(1) });
    appendFileSync(file, Buffer.alloc(1024 ** 2, "x"));
    expect(viewJournal(dir).total).toMatchObject({ depth: 9, oldestUnixMillis: millisOf(1) });
  });

  it("finds nothing where nothing was written, and makes no folder", () => {
    const dir = journalFolder();
    expect(viewJournal(dir)).toMatchObject({ lanes: [], damaged: [], total: { depth: 0 } });
    expect(existsSync(dir)).toBe(false);
  });
});
