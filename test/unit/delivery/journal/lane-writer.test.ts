import fs, { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeEntry } from "../../../../src/delivery/journal/entry-line.ts";
import { Lane } from "../../../../src/delivery/journal/lane.ts";
import { segmentPath } from "../../../../src/delivery/journal/lane-files.ts";
import { LaneReader } from "../../../../src/delivery/journal/lane-reader.ts";
import {
  LaneWriter,
  type LaneWriterOptions,
  type WriterFiles,
} from "../../../../src/delivery/journal/lane-writer.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { sequenceOf } from "../../../support/recovery.ts";

const id = "01900000-0000-7000-8000-000000000000";

function eio(): Error {
  return Object.assign(new Error("i/o error"), { code: "EIO" });
}

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

interface Setup {
  dir: string;
  lane: Lane;
  writer: LaneWriter;
  failures: unknown[];
  append: (...numbers: number[]) => void;
}

function setUp(files: Partial<WriterFiles> = {}, sizes: Partial<LaneWriterOptions> = {}): Setup {
  const dir = journalFolder();
  mkdirSync(dir, { recursive: true });
  const lane = Lane.create(dir, id);
  if (lane === undefined) throw new Error("no lane");
  const failures: unknown[] = [];
  const writer = new LaneWriter(lane, {
    segmentBytes: 1e6,
    unsyncedBytes: 1e6,
    ...sizes,
    durable: true,
    journal: dir,
    files: { ...fs, ...files },
    onSyncFailed: (cause) => failures.push(cause),
  });
  cleanUps.push(() => {
    writer.close();
    lane.release();
  });
  const append = (...numbers: number[]): void => {
    for (const number of numbers) {
      writer.append(number, encodeEntry({ number, record: numberedRecord(number) }));
    }
  };
  return { dir, lane, writer, failures, append };
}

/** Fails the syncs that `fails` says, by their count from 1, and notes of which file each was. */
function failingSyncs(fails: (count: number) => boolean): {
  synced: string[];
  fdatasync: WriterFiles["fdatasync"];
} {
  const synced: string[] = [];
  const fdatasync = ((descriptor: number, callback: (error: Error | null) => void) => {
    synced.push(fs.readlinkSync(`/proc/self/fd/${descriptor}`));
    if (fails(synced.length)) setImmediate(callback, eio());
    else fs.fdatasync(descriptor, callback);
  }) as WriterFiles["fdatasync"];
  return { synced, fdatasync };
}

/** What the next process reads of the lane. */
function readBack(lane: Lane): { found: number[]; losses: number } {
  const reader = new LaneReader(lane);
  const { entries, losses } = reader.read(1000);
  reader.close();
  return {
    found: entries.map(({ record }) => sequenceOf(record)),
    losses: losses.reduce((sum, { count }) => sum + count, 0),
  };
}

describe.runIf(process.platform === "linux")("a sync that failed", () => {
  it("has its lines written to a new file, which is synced in its place", async () => {
    const { synced, fdatasync } = failingSyncs((count) => count === 2);
    const { lane, writer, append, failures } = setUp({ fdatasync });
    append(1, 2);
    await writer.sync();
    append(3, 4);
    await writer.sync();
    expect(failures).toMatchObject([{ code: "EIO" }]);
    expect(lane.segments.map(({ serial, first }) => [serial, first])).toEqual([
      [1, 1],
      [2, 3],
    ]);
    expect(synced).toEqual(
      [lane.segments[0], lane.segments[0], lane.segments[1]].map((s) => s?.path),
    );
    // The kernel may have dropped what it could not write: the first file is as the disk has it.
    const [old] = lane.segments;
    fs.truncateSync(old?.path ?? "", readFileSync(old?.path ?? "").length / 2);
    expect(readBack(lane)).toEqual({ found: [1, 2, 3, 4], losses: 0 });
  });

  it("again and again is never repeated on one file, and fills no disk with copies", async () => {
    const { synced, fdatasync } = failingSyncs((count) => count < 20);
    const { lane, writer, append } = setUp({ fdatasync }, { segmentBytes: 1500 });
    append(1, 2, 3, 4, 5, 6);
    let failures = 0;
    for (let n = 7; synced.length < 20; n += 1) {
      await writer.sync().catch(() => (failures += 1));
      append(n);
      expect(lane.segments.length).toBeLessThan(20);
    }
    await writer.sync();
    expect(failures).toBeGreaterThan(2);
    const failed = synced.slice(0, 19);
    expect(new Set(failed).size).toBe(failed.length);
    expect(failed.filter((path) => synced.slice(19).includes(path))).toEqual([]);
    const { found, losses } = readBack(lane);
    expect(found).toEqual(Array.from({ length: found.length }, (_, n) => n + 1));
    expect([found.length >= 6, losses]).toEqual([true, 0]);
  });

  it("on a disk that is full as well leaves no half of its lines", async () => {
    let full = false;
    const writeSync = ((descriptor: number, line: Buffer, from: number) => {
      if (full && line.includes('"entry":3')) {
        throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      }
      return fs.writeSync(descriptor, line, from);
    }) as WriterFiles["writeSync"];
    const { fdatasync, synced } = failingSyncs((count) => count === 1);
    const { dir, lane, writer, append } = setUp({ fdatasync, writeSync });
    append(1, 2, 3);
    full = true;
    await expect(writer.sync()).rejects.toMatchObject({ code: "ENOSPC" });
    expect(() => append(4)).toThrow(expect.objectContaining({ code: "ENOSPC" }));
    expect(segmentFiles(dir)).toHaveLength(1);
    full = false;
    append(4);
    await writer.sync();
    expect(readBack(lane)).toEqual({ found: [1, 2, 3, 4], losses: 0 });
    // All four are in the file that was synced.
    const [path = ""] = synced.slice(-1);
    expect(readFileSync(path, "utf8").match(/"entry":\d/g)).toHaveLength(4);
  });

  it.each([
    ["of several files", 1500],
    ["of one file", 1e6],
  ])(
    "and a kill while its lines %s are written anew costs none of them",
    async (_, segmentBytes) => {
      const copy = journalFolder();
      const { fdatasync } = failingSyncs((count) => count === 2);
      const writeSync = ((descriptor: number, line: Buffer, from: number) => {
        // As the next process finds it, after a kill in front of each line that is written anew.
        if (failures.length > 0) {
          cpSync(dir, join(copy, line.toString("utf8", 9, line.indexOf(","))), { recursive: true });
        }
        return fs.writeSync(descriptor, line, from);
      }) as WriterFiles["writeSync"];
      const { dir, append, writer, failures } = setUp({ fdatasync, writeSync }, { segmentBytes });
      append(1, 2);
      await writer.sync();
      append(3, 4, 5, 6, 7, 8, 9);
      await writer.sync();
      const killed = readdirSync(copy);
      expect(killed).toHaveLength(7);
      for (const name of killed) {
        const lane = Lane.adopt(join(copy, name), id);
        if (lane === undefined) throw new Error("no lane");
        // What is confirmed first takes nothing along.
        lane.confirm([[1, 4]]);
        expect(readBack(lane)).toEqual({ found: [5, 6, 7, 8, 9], losses: 0 });
        lane.remove();
        await vi.waitFor(() => expect(readdirSync(join(copy, name))).toEqual([]));
      }
    },
  );

  it("where nothing can be written or closed then counts as one until its lines are synced", async () => {
    let bad = false;
    const refuse = (): void => {
      if (bad) throw eio();
    };
    const { fdatasync, synced } = failingSyncs((count) => (bad = count === 1));
    const { lane, writer, append } = setUp({
      fdatasync,
      writeSync: ((descriptor: number, line: Buffer, from: number) => {
        refuse();
        return fs.writeSync(descriptor, line, from);
      }) as WriterFiles["writeSync"],
      closeSync: (descriptor) => {
        fs.closeSync(descriptor);
        refuse();
      },
    });
    append(1, 2);
    await expect(writer.sync()).rejects.toMatchObject({ code: "EIO" });
    bad = false;
    await writer.sync();
    expect(readFileSync(synced.at(-1) ?? "", "utf8").match(/"entry":\d/g)).toHaveLength(2);
    expect(new Set(synced).size).toBe(2);
    expect(readBack(lane)).toEqual({ found: [1, 2], losses: 0 });
  });

  it("of the folder of all lanes is not believed for a name that it may have dropped", async () => {
    const names: string[] = [];
    const fsync = ((descriptor: number, callback: (error: Error | null) => void) => {
      if (fs.readlinkSync(`/proc/self/fd/${descriptor}`) !== fs.realpathSync(dir)) {
        return fs.fsync(descriptor, callback);
      }
      names.push(...readdirSync(dir));
      if (names.length === 1) setImmediate(callback, eio());
      else fs.fsync(descriptor, callback);
    }) as WriterFiles["fsync"];
    const { dir, lane, writer, append, failures } = setUp({ fsync });
    append(1, 2);
    await writer.sync();
    append(3);
    await writer.sync();
    expect(failures).toMatchObject([{ code: "EIO" }]);
    expect(names[0]).toBe(id);
    expect(names[1]).not.toBe(id);
    expect(readdirSync(dir)).toEqual([lane.id]);
    expect(readBack(lane)).toEqual({ found: [1, 2, 3], losses: 0 });
  });

  it("does not bring back what was confirmed meanwhile", async () => {
    const { fdatasync } = failingSyncs((count) => count === 1);
    const { lane, writer, append } = setUp({ fdatasync });
    append(1, 2, 3);
    lane.confirm([[1, 2]]);
    await writer.sync();
    expect(readBack(lane)).toEqual({ found: [3], losses: 0 });
  });

  it("after the end of the process's lane writes nothing more: somebody else may have it", async () => {
    let end: ((error: Error | null) => void) | undefined;
    let closed = 0;
    const fdatasync = ((_: number, callback: (error: Error | null) => void) => {
      end = callback;
    }) as WriterFiles["fdatasync"];
    const closeSync = (descriptor: number): void => {
      closed += 1;
      fs.closeSync(descriptor);
    };
    const { dir, writer, append, failures } = setUp({ fdatasync, closeSync });
    append(1);
    const sync = writer.sync();
    writer.close();
    // Its number could be another file's by the time that it is synced.
    expect(closed).toBe(0);
    end?.(eio());
    await expect(sync).rejects.toMatchObject({ code: "EIO" });
    expect(closed).toBe(1);
    expect(failures).toEqual([]);
    expect(segmentFiles(dir)).toHaveLength(1);
  });
});

describe("a disk that stores nothing", () => {
  it("is given no more than may wait for it in memory, until it stores again", async () => {
    let end: (() => void) | undefined;
    const fdatasync = ((descriptor: number, callback: (error: Error | null) => void) => {
      end = () => fs.fdatasync(descriptor, callback);
    }) as WriterFiles["fdatasync"];
    const { lane, writer, append } = setUp({ fdatasync }, { unsyncedBytes: 2000 });
    append(1);
    const sync = writer.sync();
    let number = 1;
    const fill = (): void => {
      for (;;) append((number += 1));
    };
    expect(fill).toThrow(expect.objectContaining({ code: "ERR_AUTHLOG_JOURNAL_UNWRITABLE" }));
    expect(lane.size).toBeLessThan(3000);
    end?.();
    await sync;
    append(number);
    expect(readBack(lane).found.at(-1)).toBe(number);
  });
});

describe("a segment that cannot be begun", () => {
  it("leaves no file behind, however often it is tried", () => {
    let full = true;
    const writeSync = ((descriptor: number, line: Buffer, from: number) => {
      if (full) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      return fs.writeSync(descriptor, line, from);
    }) as WriterFiles["writeSync"];
    const { dir, lane, append } = setUp({ writeSync });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect(() => append(1)).toThrow(expect.objectContaining({ code: "ENOSPC" }));
    }
    expect([segmentFiles(dir), lane.segments]).toEqual([[], []]);
    full = false;
    append(1);
    expect(readBack(lane)).toEqual({ found: [1], losses: 0 });
  });

  it("since something is in its way is begun beside that", () => {
    const { dir, lane, append } = setUp();
    mkdirSync(segmentPath(join(dir, id), 1, 1));
    expect(() => append(1)).toThrow(expect.objectContaining({ code: "EEXIST" }));
    append(1);
    expect(readBack(lane)).toEqual({ found: [1], losses: 0 });
  });
});

describe("a line that cannot be written whole", () => {
  it.each([
    ["and can be taken back", undefined],
    ["and stays", eio],
  ])("%s leaves the ones beside it readable", (_, failsToCut) => {
    let [short, calls] = [false, 0];
    const { lane, writer, append } = setUp({
      writeSync: ((descriptor: number, line: Buffer, from: number) => {
        if (!short) return fs.writeSync(descriptor, line, from);
        calls += 1;
        if (calls > 1) throw eio();
        return fs.writeSync(descriptor, line, from, 100);
      }) as WriterFiles["writeSync"],
      ...(failsToCut && {
        ftruncateSync: () => {
          throw failsToCut();
        },
      }),
    });
    append(1, 2);
    short = true;
    expect(() => append(3)).toThrow(expect.objectContaining({ code: "EIO" }));
    short = false;
    append(3, 4);
    writer.close();
    expect(lane.segments).toHaveLength(2);
    expect(readBack(lane)).toEqual({ found: [1, 2, 3, 4], losses: 0 });
  });
});

describe("a reader behind a segment that was written anew", () => {
  it("reads on in the new one, from its beginning", async () => {
    const { fdatasync } = failingSyncs((count) => count === 1);
    const { lane, writer, append } = setUp({ fdatasync });
    append(1, 2);
    const [first] = lane.segments;
    // It begins in a file that goes away before it is opened.
    const reader = new LaneReader(lane, { segment: 1, offset: first?.size ?? 0, number: 3 });
    append(3);
    await writer.sync();
    append(4);
    expect(lane.segments.map(({ serial }) => serial)).toEqual([2]);
    const { entries, losses } = reader.read(10);
    expect(entries.map(({ number }) => number)).toEqual([3, 4]);
    expect(losses).toEqual([]);
    reader.close();
  });
});
