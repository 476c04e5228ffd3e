import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { viewJournal } from "../../../../src/delivery/journal/journal-view.ts";
import { journalFolder, numberedRecord } from "../../../support/journal.ts";
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
