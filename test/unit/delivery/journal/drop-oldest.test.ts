import { renameSync, rmSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Journal } from "../../../../src/delivery/journal/journal.ts";
import type { JournalEntry, Position } from "../../../../src/delivery/journal/journal-entry.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { openJournal, type OpenedJournal, sequenceOf } from "../../../support/recovery.ts";
import { watchSlot } from "../../../support/slot.ts";

watchSlot();

const positionOf = ({ position }: JournalEntry): Position => position;

function appendTo(journal: Journal, from: number, count: number): string[] {
  return Array.from(
    { length: count },
    (_, n) => journal.append(numberedRecord(from + n), "no", 1).status,
  );
}

function readAll(journal: Journal): number[] {
  const read: number[] = [];
  while (journal.unread > 0)
    read.push(...journal.read(100).map(({ record }) => sequenceOf(record)));
  return read;
}

const countOf = (gone: OpenedJournal["gone"]): number =>
  gone.reduce((sum, { count }) => sum + count, 0);

describe("the oldest that waits, where there is no room,", () => {
  it("goes also where a dead process had delivered a part of it", () => {
    const dir = journalFolder();
    const dead = openJournal(dir);
    appendTo(dead.journal, 1, 60);
    dead.journal.confirm(dead.journal.read(5).map(positionOf));
    dead.journal.close();
    const { journal, gone } = openJournal(dir, { maxBytes: 40_000, onFull: "drop-oldest" });
    expect(appendTo(journal, 101, 20).every((status) => status === "kept")).toBe(true);
    expect(gone).toMatchObject([{ count: 55, span: { firstSequence: 6, lastSequence: 60 } }]);
    expect(readAll(journal)).toEqual(Array.from({ length: 20 }, (_, n) => n + 101));
    journal.close();
  });

  it("stays where it is handed out and not confirmed", () => {
    const dir = journalFolder();
    const dead = openJournal(dir);
    appendTo(dead.journal, 1, 60);
    dead.journal.close();
    const { journal, gone } = openJournal(dir, { maxBytes: 30_000, onFull: "drop-oldest" });
    expect(journal.read(10)).toHaveLength(5);
    expect(appendTo(journal, 101, 1)).toEqual(["full"]);
    expect(gone).toEqual([]);
    journal.close();
  });

  it("stays where other living processes fill the journal: the newest goes", () => {
    const dir = journalFolder();
    const options = { maxBytes: 60_000, onFull: "drop-oldest" } as const;
    const [other, own] = [openJournal(dir, options), openJournal(dir, options)];
    appendTo(own.journal, 1, 30);
    for (let n = 1; other.journal.size < 59_500; n += 1) appendTo(other.journal, n, 1);
    // What tells of gaps goes past the bound.
    other.journal.append(numberedRecord(1001), "no", Infinity);
    own.clock.tick();
    expect(appendTo(own.journal, 31, 2)).toEqual(["full", "full"]);
    expect(own.gone).toEqual([]);
    expect(readAll(own.journal)).toHaveLength(30);
    own.journal.close();
    other.journal.close();
  });

  it("stays where it cannot be read for a moment: gaps may be told in it", () => {
    const dir = journalFolder();
    const { journal, gone } = openJournal(dir, { maxBytes: 20_000, onFull: "drop-oldest" });
    let last = 0;
    while (countOf(gone) === 0) appendTo(journal, (last += 1), 1);
    const before = countOf(gone);
    const [first = ""] = segmentFiles(dir);
    const names = segmentFiles(dir);
    for (const path of names) {
      renameSync(path, `${path}-away`);
      symlinkSync(path, path);
    }
    const statuses = appendTo(journal, last + 1, 20);
    for (const path of names) {
      rmSync(path);
      renameSync(`${path}-away`, path);
    }
    expect(statuses).toContain("full");
    expect(countOf(gone)).toBe(before);
    expect(segmentFiles(dir)[0]).toBe(first);
    journal.close();
  });
});
