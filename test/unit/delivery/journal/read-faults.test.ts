import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { batchDefaults } from "../../../../src/delivery/batch-options.ts";
import type { Journal } from "../../../../src/delivery/journal/journal.ts";
import type { JournalEntry } from "../../../../src/delivery/journal/journal-entry.ts";
import { regularFiles } from "../../../../src/delivery/journal/line-reader.ts";
import { Refill } from "../../../../src/delivery/refill.ts";
import type { Sender } from "../../../../src/delivery/sender.ts";
import { createFailingReader } from "../../../support/failing-reader.ts";
import { journalFolder, linesOf, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { openJournal, type OpenedJournal, type Opening } from "../../../support/recovery.ts";
import { watchSlot } from "../../../support/slot.ts";

const watched = watchSlot();
const codes = (): string[] => watched.diagnostics.map(({ code }) => code);
const count = 60;
const all = Array.from({ length: count }, (_, n) => n + 1);
const small: Opening = { tuning: { segmentBytes: 30_000 } };

function appendAll(journal: Journal): void {
  for (const n of all) journal.append(numberedRecord(n), "no", 1);
}

/** Reads what can be read now, and confirms it, as a receiver does that answers. */
function deliver(journal: Journal): number[] {
  const entries: JournalEntry[] = [];
  while (journal.readable > 0) entries.push(...journal.read(10));
  journal.confirm(entries.map(({ position }) => position));
  return entries.map(({ position }) => position.number);
}

/** A journal with a backlog, that of its own process or of one that died. */
const backlogs: [string, (dir: string, opening: Opening) => OpenedJournal][] = [
  [
    "a process's own backlog",
    (dir, opening) => {
      const opened = openJournal(dir, { ...small, ...opening });
      appendAll(opened.journal);
      return opened;
    },
  ],
  [
    "the backlog of a dead process",
    (dir, opening) => {
      const { journal } = openJournal(dir, small);
      appendAll(journal);
      journal.close();
      return openJournal(dir, { ...small, ...opening });
    },
  ],
];

describe.each(backlogs)("%s that cannot be read", (_, open) => {
  it.each(["EMFILE", "ENFILE", "ENOMEM", "EACCES", "EPERM", "EINTR", "EAGAIN", "ENOBUFS", "EODD"])(
    "for %s stays, and is delivered once that is over",
    (code) => {
      const dir = journalFolder();
      const reader = createFailingReader();
      const { journal, clock, gone } = open(dir, { readerFiles: reader });
      reader.fails = () => code;
      const files = segmentFiles(dir);
      for (let times = 0; times < 20; times += 1) {
        expect(deliver(journal)).toEqual([]);
        clock.tick();
      }
      expect(journal.unread).toBe(count);
      expect(segmentFiles(dir)).toEqual(files);
      // The same within a minute is counted only.
      expect(codes()).toEqual(["ERR_AUTHLOG_JOURNAL_UNREAD"]);
      expect(watched.diagnostics[0]?.why).toContain(code);
      reader.fails = () => undefined;
      clock.tick();
      expect(deliver(journal)).toEqual(all);
      expect(gone).toEqual([]);
      expect(journal.owed).toBe(0);
      journal.close();
    },
  );

  it("for a disk that fails a few times is delivered whole", () => {
    const reader = createFailingReader();
    const { journal, clock, gone } = open(journalFolder(), { readerFiles: reader });
    let failures = 0;
    reader.fails = (_path, position) => {
      if (position !== 8192 || failures === 4) return undefined;
      failures += 1;
      return "EIO";
    };
    const delivered: number[] = [];
    for (let times = 0; times < 10; times += 1) {
      delivered.push(...deliver(journal));
      clock.tick();
    }
    expect(delivered).toEqual(all);
    expect(gone).toEqual([]);
    expect(codes()).toEqual(["ERR_AUTHLOG_JOURNAL_UNREAD"]);
    journal.close();
  });

  it("for a disk that fails once at every place is delivered whole", () => {
    const reader = createFailingReader();
    const { journal, clock, gone } = open(journalFolder(), { readerFiles: reader });
    const failed = new Set<string>();
    reader.fails = (path, position) => {
      const place = `${path} ${position}`;
      if (failed.has(place)) return undefined;
      failed.add(place);
      return "EIO";
    };
    const delivered: number[] = [];
    for (let times = 0; times < 100 && journal.unread > 0; times += 1) {
      delivered.push(...deliver(journal));
      clock.tick();
    }
    expect(delivered).toEqual(all);
    expect(gone).toEqual([]);
    journal.close();
  });

  it("for a disk with bad blocks all over is asked ever less often for each", () => {
    const reader = createFailingReader();
    const dir = journalFolder();
    const { journal, clock } = open(dir, { readerFiles: reader });
    const tries = new Map<number, number>();
    const [file] = segmentFiles(dir);
    reader.fails = (path, position = 0) => {
      if (path !== file || position % 8192 === 0) return undefined;
      tries.set(position, (tries.get(position) ?? 0) + 1);
      return "EIO";
    };
    for (let times = 0; times < 30; times += 1) {
      deliver(journal);
      clock.tick();
    }
    expect([...tries.values()]).toEqual([5, 4, 3, 2]);
    journal.close();
  });

  it.each([
    ["in the middle", 8192],
    ["at the end", 28_672],
  ])("for a bad block %s costs the lines in that block", (_place, bad) => {
    const dir = journalFolder();
    const reader = createFailingReader();
    const { journal, clock, gone } = open(dir, { readerFiles: reader });
    const [file = "", second] = segmentFiles(dir);
    expect(second).toBeDefined();
    reader.fails = (path, position) => (path === file && position === bad ? "EIO" : undefined);
    const before = readFileSync(file, "latin1").slice(0, bad).split("\n").length - 1;
    const after =
      readFileSync(file, "latin1")
        .slice(bad + 4096)
        .split("\n").length - 2;
    const lost = linesOf(file).length - before - Math.max(after, 0);
    const delivered: number[] = [];
    for (let times = 0; times < 10; times += 1) {
      delivered.push(...deliver(journal));
      clock.tick();
    }
    expect(delivered).toEqual(all.filter((n) => n <= before || n > before + lost));
    expect(gone).toMatchObject([{ count: lost, cause: { code: "ERR_AUTHLOG_JOURNAL_DAMAGED" } }]);
    expect(gone[0]?.cause.why).toContain(`damaged from byte`);
    expect(readdirSync(join(dir, "damaged"))).toHaveLength(1);
    expect(journal.owed).toBe(0);
    journal.close();
  });

  it("for a disk that is dead from a place on is told, however much that is", () => {
    const reader = createFailingReader();
    const { journal, clock, gone } = open(journalFolder(), { readerFiles: reader });
    reader.fails = (_path, position) => ((position ?? 0) >= 4096 ? "EIO" : undefined);
    const delivered: number[] = [];
    for (let times = 0; times < 30; times += 1) {
      delivered.push(...deliver(journal));
      clock.tick();
    }
    expect(delivered.length).toBeGreaterThan(0);
    const told = gone.reduce((sum, { count: some }) => sum + some, 0);
    expect(delivered.length + told).toBe(count);
    expect(journal.owed).toBe(0);
    journal.close();
  });
});

it("a file that fails to be closed after it was read is closed once, and costs nothing", () => {
  const dir = journalFolder();
  const { journal: first } = openJournal(dir, small);
  appendAll(first);
  first.close();
  const closed: number[] = [];
  const readerFiles = {
    ...regularFiles,
    close: (descriptor: number) => {
      regularFiles.close(descriptor);
      closed.push(descriptor);
      throw Object.assign(new Error("i/o error"), { code: "EIO" });
    },
  };
  const files = segmentFiles(dir);
  const { journal } = openJournal(dir, { readerFiles });
  expect(deliver(journal)).toEqual(all);
  expect(closed).toHaveLength(files.length);
  expect(codes()).toEqual([]);
  journal.close();
});

describe("while a lane cannot be read", () => {
  it("the others are", () => {
    const dir = journalFolder();
    const reader = createFailingReader();
    const writers = [openJournal(dir), openJournal(dir)];
    for (const { journal } of writers) appendAll(journal);
    for (const { journal } of writers) journal.close();
    const { journal, clock } = openJournal(dir, { readerFiles: reader });
    appendAll(journal);
    const [file = ""] = segmentFiles(dir);
    reader.fails = (path) => (path === file ? "EACCES" : undefined);
    expect(deliver(journal)).toHaveLength(2 * count);
    expect(journal.unread).toBe(count);
    reader.fails = () => undefined;
    clock.tick();
    expect(deliver(journal)).toEqual(all);
    journal.close();
  });

  it("nobody asks for it again and again before the pause is over", () => {
    const reader = createFailingReader();
    const { journal, clock } = openJournal(journalFolder(), { readerFiles: reader });
    appendAll(journal);
    let tries = 0;
    reader.fails = () => {
      tries += 1;
      return "EMFILE";
    };
    const sender = { load: 0, take: () => {} } as unknown as Sender;
    const refill = new Refill(journal, sender, { batch: batchDefaults, clock, onTake: () => {} });
    const pauses: number[] = [];
    for (let times = 1; times <= 7; times += 1) {
      refill.run();
      refill.run();
      expect(tries).toBe(times);
      pauses.push(...clock.delays.filter((delay) => delay > 0 && delay !== 22_500));
      clock.tick();
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    journal.close();
    expect(clock.delays).toEqual([0]);
  });
});

describe("a lane of a dead process whose end cannot be read", () => {
  it("is told whole, and let go of", async () => {
    const dir = journalFolder();
    const { journal: first } = openJournal(dir, small);
    appendAll(first);
    first.close();
    const { journal, gone } = openJournal(dir, small);
    const files = segmentFiles(dir);
    const kept = files.slice(0, -1).flatMap(linesOf).length;
    rmSync(files.at(-1) ?? "");
    expect(deliver(journal)).toHaveLength(kept);
    expect(gone).toMatchObject([{ count: count - kept }]);
    expect(journal.owed).toBe(0);
    await journal.cleared();
    expect(readdirSync(dir)).not.toContain(dirname(files[0] ?? "").slice(-36));
    journal.close();
  });
});
