import { rmSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Journal } from "../../../../src/delivery/journal/journal.ts";
import { journalFolder, linesOf, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { openJournal, sequenceOf } from "../../../support/recovery.ts";
import { watchSlot } from "../../../support/slot.ts";

watchSlot();
const count = 20;
const all = Array.from({ length: count }, (_, n) => n + 1);

function deliver(journal: Journal): number[] {
  const delivered: number[] = [];
  while (journal.unread > 0) {
    const entries = journal.read(10);
    delivered.push(...entries.map(({ record }) => sequenceOf(record)));
    journal.confirm(entries.map(({ position }) => position));
  }
  return delivered;
}

describe("of a lane that this process writes", () => {
  it.each<[string, (files: string[]) => string[]]>([
    ["the last segment is", (files) => files.slice(-1)],
    ["the first and the last segment are", (files) => [...files.slice(0, 1), ...files.slice(-1)]],
    [
      "some segments within and the last one are",
      (files) => [...files.slice(1, 3), ...files.slice(-1)],
    ],
    ["all segments are", (files) => files],
  ])("what was in it is told once, and the rest delivered, where %s removed", (_, removed) => {
    const dir = journalFolder();
    const { journal, clock, gone } = openJournal(dir, { tuning: { segmentBytes: 1500 } });
    for (const n of all) journal.append(numberedRecord(n), "no", 1);
    const files = segmentFiles(dir);
    expect(files.length).toBeGreaterThan(4);
    const missing = removed(files);
    const lost = missing.flatMap(linesOf).length;
    for (const file of missing) rmSync(file);
    journal.look();
    // Once to open another lane after the pause, and to take over what is left of the first one.
    for (let times = 0; times < 3; times += 1) clock.tick();
    expect(deliver(journal)).toHaveLength(count - lost);
    expect(gone.reduce((sum, { count: some }) => sum + some, 0)).toBe(lost);
    journal.close();
  });

  it("nothing is told as gone where its lock alone is removed: all of it is delivered", () => {
    const dir = journalFolder();
    const { journal, clock, gone } = openJournal(dir);
    for (const n of all) journal.append(numberedRecord(n), "no", 1);
    const folder = dirname(segmentFiles(dir)[0] ?? "");
    rmSync(join(folder, "lock"));
    journal.look();
    expect(journal.owed).toBe(0);
    utimesSync(folder, 0, 0);
    for (let times = 0; times < 3; times += 1) clock.tick();
    expect(deliver(journal)).toEqual(all);
    expect(gone).toEqual([]);
    journal.close();
  });
});
