import fs, { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JournalEntry, Position } from "../../../../src/delivery/journal/journal-entry.ts";
import { readConfirmed } from "../../../../src/delivery/journal/lane-files.ts";
import type { WriterFiles } from "../../../../src/delivery/journal/lane-writer.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { openJournal, type OpenedJournal, recover } from "../../../support/recovery.ts";
import { watchSlot } from "../../../support/slot.ts";

const watched = watchSlot();

type Fsync = (descriptor: number, callback: (error: Error | null) => void) => void;

interface Opened extends OpenedJournal {
  dir: string;
  positions: Position[];
}

const positionOf = ({ position }: JournalEntry): Position => position;

/** Twenty entries in several segments, all of them handed out. */
function open(fsync: Fsync = fs.fsync): Opened {
  const dir = journalFolder();
  const files = { ...fs, fsync } as unknown as WriterFiles;
  const opened = openJournal(dir, { files, tuning: { segmentBytes: 3000 } });
  for (let n = 1; n <= 20; n += 1) opened.journal.append(numberedRecord(n), "no", 1);
  expect(segmentFiles(dir).length).toBeGreaterThan(3);
  return { ...opened, dir, positions: opened.journal.read(100).map(positionOf) };
}

const left = Array.from({ length: 10 }, (_, n) => n + 11);

describe("segments of which all is confirmed", () => {
  it("hold nobody up while the disk takes its time, and go when it has noted that", async () => {
    const begun: (() => void)[] = [];
    const { journal, dir, positions } = open((descriptor, callback) => {
      begun.push(() => fs.fsync(descriptor, callback));
    });
    const before = segmentFiles(dir);
    const size = journal.size;
    journal.confirm(positions.slice(0, 10));
    // Their room may be used from now on.
    expect(journal.size).toBeLessThan(size * 0.7);
    journal.confirm(positions.slice(15, 17));
    expect(begun).toHaveLength(1);
    expect(segmentFiles(dir)).toEqual(before);
    const cleared = journal.cleared();
    begun[0]?.();
    await cleared;
    const after = segmentFiles(dir);
    expect(after).toEqual(before.slice(-after.length));
    expect(after.length).toBeLessThan(before.length);
    const file = join(dirname(after[0] ?? ""), "confirmed.jsonl");
    expect(readConfirmed(file).ranges).toEqual([
      [1, 10],
      [16, 17],
    ]);
    journal.close();
  });

  it("that wait for others to go count as room that is used: a disk that hangs fills no further", () => {
    const { journal, positions } = open(() => {});
    const size = journal.size;
    journal.confirm(positions.slice(0, 7));
    const after = journal.size;
    expect(after).toBeLessThan(size);
    journal.confirm(positions.slice(7, 19));
    expect(journal.size).toBe(after);
    journal.close();
  });

  it("are left to the next process where this one ends before the disk has noted that", async () => {
    const begun: (() => void)[] = [];
    const { journal, dir, positions } = open((descriptor, callback) => {
      begun.push(() => fs.fsync(descriptor, callback));
    });
    journal.confirm(positions.slice(0, 10));
    const cleared = journal.cleared();
    journal.close();
    const before = segmentFiles(dir);
    begun[0]?.();
    await cleared;
    expect(segmentFiles(dir)).toEqual(before);
    expect(recover(dir)).toMatchObject({ sequences: left, gone: [], diagnostics: [] });
  });

  it("are noted in a new file after a sync that failed, and count as room until they go", async () => {
    const modes: number[] = [];
    const { journal, dir, positions } = open((descriptor, callback) => {
      modes.push(fs.fstatSync(descriptor).mode & 0o777);
      if (modes.length > 1) return fs.fsync(descriptor, callback);
      // Known again by it, if it is synced a second time.
      fs.fchmodSync(descriptor, 0o644);
      setImmediate(callback, Object.assign(new Error("i/o error"), { code: "EIO" }));
    });
    const before = segmentFiles(dir);
    const size = journal.size;
    journal.confirm(positions.slice(0, 10));
    await journal.cleared();
    expect(segmentFiles(dir)).toEqual(before);
    expect(journal.size).toBe(size);
    expect(watched.diagnostics).toMatchObject([
      {
        code: "ERR_AUTHLOG_JOURNAL_UNWRITABLE",
        message: expect.stringContaining("cannot note what was delivered") as string,
      },
    ]);
    journal.confirm([]);
    journal.confirm(positions.slice(9, 10));
    await journal.cleared();
    expect(modes).toEqual([0o600, 0o600]);
    expect(segmentFiles(dir).length).toBeLessThan(before.length);
    journal.close();
    expect(recover(dir)).toMatchObject({ sequences: left, gone: [] });
  });

  it("have no room any more when their lane has gone, also after a look meanwhile", async () => {
    const { journal: dead, dir } = open();
    const { size } = dead;
    dead.close();
    const { journal, clock } = openJournal(dir, { maxBytes: size });
    journal.confirm(journal.read(100).map(positionOf));
    clock.tick();
    await journal.cleared();
    expect(segmentFiles(dir)).toEqual([]);
    expect(journal.append(numberedRecord(21), "no", 1).status).toBe("kept");
    journal.close();
  });

  it("are noted in the file that is there where the disk is full, unless its sync failed before", async () => {
    const answers = ["ENOSPC", "EIO", "ENOSPC", "", "ENOSPC", ""];
    const synced: string[] = [];
    const { journal, dir, positions } = open((descriptor, callback) => {
      const file = join(dirname(segmentFiles(dir)[0] ?? ""), "confirmed.jsonl");
      const isThere = fs.fstatSync(descriptor).ino === fs.statSync(file).ino;
      const code = answers[synced.length] ?? "";
      synced.push(isThere ? "there" : "new");
      if (code === "") return fs.fsync(descriptor, callback);
      setImmediate(callback, Object.assign(new Error("failed"), { code }));
    });
    const confirm = async (first: number, end: number): Promise<number> => {
      journal.confirm(positions.slice(first, end));
      await journal.cleared();
      return segmentFiles(dir).length;
    };
    const before = segmentFiles(dir).length;
    expect(await confirm(0, 10)).toBe(before);
    expect(await confirm(10, 11)).toBe(before);
    const after = await confirm(11, 12);
    expect(after).toBeLessThan(before);
    expect(await confirm(12, 19)).toBeLessThan(after);
    expect(synced).toEqual(["new", "there", "new", "new", "new", "there"]);
    journal.close();
    expect(recover(dir)).toMatchObject({ sequences: [20], gone: [] });
  });

  it("leave no lane behind, whoever wrote it, when all of it has gone", async () => {
    const { journal, dir } = open();
    journal.close();
    const next = openJournal(dir);
    next.journal.confirm(next.journal.read(100).map(positionOf));
    await next.journal.cleared();
    next.journal.close();
    expect(readdirSync(dir)).toEqual([".gitignore"]);
    expect(watched.diagnostics).toEqual([]);
  });
});
