import fs, {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../../../src/delivery/audit-log-record-processor.ts";
import { segmentPath } from "../../../../src/delivery/journal/lane-files.ts";
import type { WriterFiles } from "../../../../src/delivery/journal/lane-writer.ts";
import { createClock, createExporter, foreignRecord } from "../../../support/delivery.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { openJournal, recover, sequenceOf } from "../../../support/recovery.ts";
import { watchSlot } from "../../../support/slot.ts";

const watched = watchSlot();
const codes = (): string[] => watched.diagnostics.map(({ code }) => code);
const eio = (): Error => Object.assign(new Error("i/o error"), { code: "EIO" });

function removeAllIn(dir: string): void {
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
}

describe("a segment that cannot be read", () => {
  it("as the last of a dead process's lane holds up none of its others", () => {
    const dir = journalFolder();
    const first = openJournal(dir).journal;
    for (let n = 1; n <= 3; n += 1) first.append(numberedRecord(n), "no", 1);
    first.close();
    const [file = ""] = segmentFiles(dir);
    // Reading it gives an error of the system's, as that of a bad sector.
    mkdirSync(segmentPath(dirname(file), 2, 4));
    const { sequences } = recover(dir);
    expect(sequences).toEqual([1, 2, 3]);
    // Nobody holds the lane's lock after that.
    expect(recover(dir).sequences).toEqual([1, 2, 3]);
  });

  it("is dropped like any other where room is needed", () => {
    const dir = journalFolder();
    const { journal, gone } = openJournal(dir, { maxBytes: 20_000, onFull: "drop-oldest" });
    let count = 0;
    const keep = (): string => journal.append(numberedRecord((count += 1)), "no", 1).status;
    while (journal.size < 19_000) keep();
    rmSync(segmentFiles(dir)[1] ?? "");
    const statuses = Array.from({ length: 200 }, keep);
    expect(new Set(statuses)).toEqual(new Set(["kept"]));
    const read: number[] = [];
    while (journal.unread > 0) read.push(...journal.read(50).map((e) => sequenceOf(e.record)));
    const lost = gone.reduce((sum, { count: some }) => sum + some, 0);
    expect(read.length + lost).toBe(count);
    journal.close();
  });

  it("with nothing in it that can be read is not dropped in silence", () => {
    const dir = journalFolder();
    const first = openJournal(dir).journal;
    for (let n = 1; n <= 10; n += 1) first.append(numberedRecord(n), "no", 1);
    first.close();
    const [file = ""] = segmentFiles(dir);
    writeFileSync(file, "x".repeat(6000));
    const { journal, gone } = openJournal(dir, { maxBytes: 6000, onFull: "drop-oldest" });
    expect(journal.append(numberedRecord(11), "no", 1).status).toBe("kept");
    // How many there were, nobody knows any more: at least one.
    expect(gone).toMatchObject([{ count: 1, cause: { code: "ERR_AUTHLOG_JOURNAL_FULL" } }]);
    journal.close();
  });

  it("in a line that is in memory too tells of no loss", () => {
    const dir = journalFolder();
    const { journal, gone } = openJournal(dir);
    for (const holding of ["no", "yes", "no"] as const) {
      journal.append(numberedRecord(1), holding, 1);
    }
    const [file = ""] = segmentFiles(dir);
    const bytes = readFileSync(file);
    bytes.writeUInt8(0, bytes.indexOf('"entry":2,') + 40);
    writeFileSync(file, bytes);
    expect(journal.read(10).map(({ position }) => position.number)).toEqual([1, 3]);
    expect(gone).toEqual([]);
    expect(codes()).toEqual(["ERR_AUTHLOG_JOURNAL_DAMAGED"]);
    journal.close();
  });
});

describe("a file that fails to be closed", () => {
  it("keeps no event from memory, and its lane from nobody", () => {
    const dir = journalFolder();
    let bad = false;
    const files = {
      ...fs,
      closeSync: (descriptor: number) => {
        fs.closeSync(descriptor);
        if (bad) throw eio();
      },
    };
    const { journal } = openJournal(dir, { files, durability: "disk" });
    journal.append(numberedRecord(1), "could", 1);
    bad = true;
    journal.close();
    expect(codes()).toEqual(["ERR_AUTHLOG_JOURNAL_UNWRITABLE"]);
    expect(recover(dir).sequences).toEqual([1]);
  });

  it("does not throw into the app when its name is gone as well", () => {
    const dir = journalFolder();
    let bad = false;
    const failing = <T>(call: T): T => {
      if (bad) throw eio();
      return call;
    };
    const files = {
      ...fs,
      closeSync: (descriptor: number) => failing(fs.closeSync(descriptor)),
      writeSync: (descriptor: number, line: Buffer, from: number) =>
        failing(fs.writeSync(descriptor, line, from)),
    } as unknown as WriterFiles;
    const { journal } = openJournal(dir, { files, durability: "disk" });
    journal.append(numberedRecord(1), "could", 1);
    removeAllIn(dir);
    bad = true;
    expect(journal.append(numberedRecord(2), "could", 1)).toEqual({ status: "unwritable" });
    journal.close();
  });
});

it("a disk whose syncs fail is asked less and less often", async () => {
  let syncs = 0;
  const fdatasync = ((_: number, callback: (error: Error) => void) => {
    syncs += 1;
    setImmediate(callback, eio());
  }) as WriterFiles["fdatasync"];
  const { journal, clock } = openJournal(journalFolder(), {
    files: { ...fs, fdatasync },
    durability: "disk",
  });
  const pauses: number[] = [];
  for (let round = 1; round <= 6; round += 1) {
    expect(journal.append(numberedRecord(round), "could", 1).status).toBe("kept");
    await expect(journal.onDisk()).rejects.toMatchObject({ code: "EIO" });
    expect(journal.append(numberedRecord(round), "could", 1).status).toBe("unwritable");
    pauses.push(Math.min(...clock.delays.filter((delay) => delay !== 22_500)));
    clock.tick();
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000]);
  expect(syncs).toBeGreaterThan(6);
  journal.close();
  // What is under way has to have ended before the folder goes.
  for (let round = 0; round < 10; round += 1) await turn();
});

it("a sign-in while syncs fail does not have all that waits written anew once more", async () => {
  let [syncs, written] = [0, 0];
  const fdatasync = ((_: number, callback: (error: Error) => void) => {
    syncs += 1;
    setImmediate(callback, eio());
  }) as WriterFiles["fdatasync"];
  const writeSync = ((descriptor: number, line: Buffer, from: number) => {
    written += 1;
    return fs.writeSync(descriptor, line, from);
  }) as WriterFiles["writeSync"];
  const { journal, clock } = openJournal(journalFolder(), {
    files: { ...fs, fdatasync, writeSync },
    durability: "disk",
  });
  for (let n = 1; n <= 50; n += 1) journal.append(numberedRecord(n), "could", 1);
  await expect(journal.onDisk()).rejects.toMatchObject({ code: "EIO" });
  [syncs, written] = [0, 0];
  for (let n = 51; n <= 60; n += 1) {
    expect(journal.append(numberedRecord(n), "could", 1).status).toBe("unwritable");
    await expect(journal.onDisk()).rejects.toMatchObject({ code: "EIO" });
  }
  expect([syncs, written]).toEqual([0, 0]);
  clock.tick();
  await expect(journal.onDisk()).rejects.toMatchObject({ code: "EIO" });
  expect(syncs).toBeGreaterThan(0);
  journal.close();
});

it("what was accepted before the disk was full is synced all the same", async () => {
  let full = false;
  const writeSync = ((descriptor: number, line: Buffer, from: number) => {
    if (full) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    return fs.writeSync(descriptor, line, from);
  }) as WriterFiles["writeSync"];
  const { journal } = openJournal(journalFolder(), {
    files: { ...fs, writeSync },
    durability: "disk",
  });
  journal.append(numberedRecord(1), "could", 1);
  const onDisk = journal.onDisk();
  full = true;
  expect(journal.append(numberedRecord(2), "could", 1).status).toBe("unwritable");
  await expect(onDisk).resolves.toBeUndefined();
  journal.close();
});

it("a sync of files that were removed meanwhile lets nobody believe in them", async () => {
  const dir = journalFolder();
  const begun = Promise.withResolvers<() => void>();
  let syncs = 0;
  const fdatasync = ((descriptor: number, callback: (error: Error | null) => void) => {
    syncs += 1;
    // With the first one the names are on the disk.
    if (syncs === 1) fs.fdatasync(descriptor, callback);
    else begun.resolve(() => fs.fdatasync(descriptor, callback));
  }) as WriterFiles["fdatasync"];
  const { journal } = openJournal(dir, { files: { ...fs, fdatasync }, durability: "disk" });
  journal.append(numberedRecord(1), "could", 1);
  await journal.onDisk();
  journal.append(numberedRecord(2), "could", 1);
  const onDisk = journal.onDisk();
  const end = await begun.promise;
  removeAllIn(dir);
  journal.look();
  end();
  await expect(onDisk).rejects.toMatchObject({ code: "ENOENT" });
  journal.close();
});

it("files that cannot be looked at for a moment are not taken for gone", () => {
  const dir = journalFolder();
  const { journal, gone, clock } = openJournal(dir);
  for (let n = 1; n <= 3; n += 1) journal.append(numberedRecord(n), "no", 1);
  // As without a right to the folder, which root cannot lose.
  renameSync(dir, `${dir}-away`);
  symlinkSync(dir, dir);
  clock.tick();
  rmSync(dir);
  renameSync(`${dir}-away`, dir);
  clock.tick();
  expect(gone).toEqual([]);
  expect(journal.read(10).map(({ record }) => sequenceOf(record))).toEqual([1, 2, 3]);
  journal.close();
});

it("events in memory whose files are gone are said to be lost when the process ends", () => {
  const dir = journalFolder();
  const processor = new AuditLogRecordProcessor(
    { exporter: createExporter(), journal: { dir }, includes: () => true },
    { clock: createClock() },
  );
  for (let n = 0; n < 5; n += 1) processor.onEmit(foreignRecord("app.order"));
  removeAllIn(dir);
  processor.end();
  expect(codes()).toEqual(["ERR_AUTHLOG_JOURNAL_UNWRITABLE", "ERR_AUTHLOG_SHUTDOWN_INCOMPLETE"]);
  expect(watched.diagnostics[1]?.message).toContain("5 audit records");
});
