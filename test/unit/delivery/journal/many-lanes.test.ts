import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { viewJournal } from "../../../../src/delivery/journal/journal-view.ts";
import type { JournalEntry } from "../../../../src/delivery/journal/journal-entry.ts";
import { createFailingReader } from "../../../support/failing-reader.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { openJournal, sequenceOf } from "../../../support/recovery.ts";
import { watchSlot } from "../../../support/slot.ts";

watchSlot();
const count = 24;
const all = Array.from({ length: count }, (_, n) => n + 1);
const inOrder = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b);

/** As many processes that died, each with an event. */
function leaveLanes(): string {
  const dir = journalFolder();
  const journals = all.map(() => openJournal(dir).journal);
  for (const [n, journal] of journals.entries()) journal.append(numberedRecord(n + 1), "no", 1);
  for (const journal of journals) journal.close();
  return dir;
}

describe("many dead processes' lanes", () => {
  it("are held some at a time, and delivered one after another without a pause", () => {
    const dir = leaveLanes();
    const { journal } = openJournal(dir);
    const delivered: number[] = [];
    let mostOwed = 0;
    while (journal.unread > 0) {
      mostOwed = Math.max(mostOwed, journal.owed);
      expect(viewJournal(dir).total.depth).toBe(count - delivered.length);
      const entries = journal.read(10);
      journal.confirm(entries.map(({ position }) => position));
      delivered.push(...entries.map(({ record }) => sequenceOf(record)));
    }
    expect(mostOwed).toBe(16);
    expect(inOrder(delivered)).toEqual(all);
    // Its own is left.
    expect(viewJournal(dir).lanes).toHaveLength(1);
    journal.close();
  });

  it.runIf(process.platform === "linux")("take few descriptors while they wait", () => {
    const dir = leaveLanes();
    const before = readdirSync("/proc/self/fd").length;
    const { journal, clock } = openJournal(dir);
    for (let n = 0; n < 20; n += 1) {
      journal.read(10);
      clock.tick();
    }
    expect(readdirSync("/proc/self/fd").length - before).toBeLessThan(2 * 16 + 5);
    journal.close();
  });

  it("count for the bound, also those that are not held", () => {
    const dir = leaveLanes();
    const { bytes } = viewJournal(dir).total;
    const { journal } = openJournal(dir, { maxBytes: bytes });
    expect(journal.size).toBeLessThan(bytes);
    expect(journal.append(numberedRecord(0), "no", 1).status).toBe("full");
    journal.confirm(journal.read(10).map(({ position }) => position));
    expect(journal.append(numberedRecord(0), "no", 1).status).toBe("kept");
    journal.close();
  });

  it("make room for what is new, where that is asked for", () => {
    const dir = leaveLanes();
    const { bytes } = viewJournal(dir).total;
    const { journal, gone } = openJournal(dir, { maxBytes: bytes / 4, onFull: "drop-oldest" });
    const statuses = all.map((n) => journal.append(numberedRecord(n), "no", 1).status);
    expect(new Set(statuses)).toEqual(new Set(["kept"]));
    expect(viewJournal(dir).total.bytes).toBeLessThanOrEqual(bytes / 4 + bytes / count);
    const lost = gone.reduce((sum, { count: some }) => sum + some, 0);
    expect(lost + viewJournal(dir).total.depth).toBe(2 * count);
    journal.close();
  });

  it.each([
    ["EACCES", "keep no other waiting", count - 16],
    ["EIO", "keep no other waiting", count - 16],
    // Each lane that is held takes another one.
    ["EMFILE", "are no more while a descriptor is lacking", 0],
  ])("that cannot be read for %s %s", (code, _, readable) => {
    const dir = leaveLanes();
    const readerFiles = createFailingReader();
    const bad = new Set(segmentFiles(dir).slice(0, 16));
    readerFiles.fails = (path) => (bad.has(path) ? code : undefined);
    const { journal } = openJournal(dir, { readerFiles });
    const delivered: JournalEntry[] = [];
    while (journal.readable > 0) {
      const entries = journal.read(10);
      journal.confirm(entries.map(({ position }) => position));
      delivered.push(...entries);
    }
    expect(delivered).toHaveLength(readable);
    journal.close();
  });

  it("of which hardly any can be read are held up to a bound", () => {
    const dir = journalFolder();
    const journals = Array.from({ length: 70 }, () => openJournal(dir).journal);
    for (const journal of journals) journal.append(numberedRecord(1), "no", 1);
    for (const journal of journals) journal.close();
    const readerFiles = createFailingReader();
    readerFiles.fails = () => "EACCES";
    const { journal, clock } = openJournal(dir, { readerFiles });
    for (let times = 0; times < 3; times += 1) {
      while (journal.readable > 0) expect(journal.read(10)).toEqual([]);
      clock.tick();
    }
    expect(journal.owed).toBe(64);
    journal.close();
  });

  it("of the living keep no dead one waiting", () => {
    const dir = journalFolder();
    const living = all.map(() => openJournal(dir).journal);
    const { journal: last } = openJournal(dir);
    last.append(numberedRecord(1), "no", 1);
    last.close();
    const { journal, clock } = openJournal(dir);
    for (let n = 0; n < 3; n += 1) clock.tick();
    expect(journal.read(10).map(({ record }) => sequenceOf(record))).toEqual([1]);
    for (const one of [...living, journal]) one.close();
  });
});
