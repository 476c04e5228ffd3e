import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type decodeEntry, encodeEntry } from "../../src/delivery/journal/entry-line.ts";
import type { Segment } from "../../src/delivery/journal/lane-files.ts";
import { LaneReader, type Loss } from "../../src/delivery/journal/lane-reader.ts";
import { NumberSet } from "../../src/delivery/journal/number-set.ts";
import { fromOtlp } from "../../src/delivery/from-otlp.ts";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { collectorProgram, startCollector } from "../support/collector.ts";
import { createClock, createExporter } from "../support/delivery.ts";
import { foreignRecord } from "../support/foreign-records.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../support/journal.ts";
import { openJournal, recover, sequenceOf } from "../support/recovery.ts";
import { watchSlot } from "../support/slot.ts";

watchSlot();

const long = process.env["TEST_AUTHLOG_LONG"] !== undefined;

const figures: Record<string, number> = {};
afterAll(() => process.stdout.write(`bytes: ${JSON.stringify(figures)}\n`));

/** A journal that a process left, with so many entries. */
function leftJournal(count: number, { segmentBytes = 8e6, confirmed = 0 } = {}): string {
  const dir = journalFolder();
  const { journal } = openJournal(dir, { tuning: { segmentBytes } });
  for (let n = 1; n <= count; n += 1) journal.append(numberedRecord(n), "no", 1);
  const read = journal.read(count);
  journal.confirm(read.slice(0, confirmed).map(({ position }) => position));
  journal.close();
  return dir;
}

const only = (dir: string): string => segmentFiles(dir)[0] ?? "";

/** Lines with their breaks. */
const linesOf = (bytes: Buffer): Buffer[] =>
  bytes
    .toString("latin1")
    .split(/(?<=\n)/)
    .map((line) => Buffer.from(line, "latin1"));

const sequences = (from: number, to: number, without: readonly number[] = []): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n).filter((n) => !without.includes(n));

/** Reads one file as the segment of a lane that nobody writes to. */
function readFile(path: string, size: number, decode?: typeof decodeEntry): FileReading {
  const segment: Segment = { serial: 1, first: 1, path, size };
  const lane = { segments: [segment], confirmed: new NumberSet() };
  const reader = new LaneReader(lane, undefined, undefined, decode);
  const { entries, losses } = reader.read(100);
  reader.close();
  return { records: entries.map(({ record }) => record), losses };
}

interface FileReading {
  records: ReadableLogRecord[];
  losses: readonly Loss[];
}

/** What a reader without the checksum would take for an entry. */
function decodeUnchecked(line: Buffer): ReturnType<typeof decodeEntry> {
  try {
    const value = JSON.parse(line.toString("utf8")) as { entry: number };
    const record = fromOtlp(value);
    return record && { number: value.entry, record };
  } catch {
    return undefined;
  }
}

/** Asked a hundred thousand times: `expect` is too slow for that. */
function same(found: unknown, meant: unknown): void {
  if (found !== meant) throw new Error(`found ${String(found)}, not ${String(meant)}`);
}

const isWritten = (record: ReadableLogRecord): boolean =>
  JSON.stringify(record) === JSON.stringify(numberedRecord(sequenceOf(record)));

describe("a journal that ends anywhere", () => {
  const count = long ? 5 : 3;

  it("is read up to the last whole line; what is torn is told with its place", () => {
    const bytes = readFileSync(only(leftJournal(count)));
    const lines = linesOf(bytes);
    const file = join(dirname(journalFolder()), "segment");
    writeFileSync(file, bytes);
    for (let { length } = bytes; length >= 0; length -= 1) {
      truncateSync(file, length);
      let [whole, offset] = [0, 0];
      for (; offset + (lines[whole]?.length ?? Infinity) <= length; whole += 1) {
        offset += lines[whole]?.length ?? 0;
      }
      const { records, losses } = readFile(file, length);
      same(records.map(sequenceOf).join(), sequences(1, whole).join());
      same(records.every(isWritten), true);
      const told = losses.map(({ count: lost, damage }) => [lost, damage?.kind, damage?.offset]);
      same(told.join(), offset === length ? "" : `1,torn,${offset}`);
    }
    figures["truncations read"] = bytes.length + 1;
    expect(lines).toHaveLength(count);
  });

  it("is taken over, told once, and a new event flows", () => {
    const dir = leftJournal(3);
    const file = only(dir);
    const bytes = readFileSync(file);
    const step = long ? 1 : 67;
    let taken = 0;
    for (let length = bytes.length - 1; length >= 0; length -= step) {
      const copy = join(journalFolder());
      cpSync(dir, copy, { recursive: true });
      writeFileSync(join(copy, file.slice(dir.length)), bytes.subarray(0, length));
      const first = recover(copy);
      const whole = linesOf(bytes.subarray(0, length)).filter((line) => line.at(-1) === 10).length;
      expect(first.sequences).toEqual(sequences(1, whole));
      const torn = length > 0 && bytes[length - 1] !== 10;
      expect(first.gone.map(({ cause }) => cause.code)).toEqual(
        torn ? ["ERR_AUTHLOG_JOURNAL_TORN"] : [],
      );
      const { journal } = openJournal(copy);
      journal.append(numberedRecord(99), "no", 1);
      expect(journal.read(9).map(({ record }) => sequenceOf(record))).toContain(99);
      journal.close();
      expect(recover(copy).gone).toEqual([]);
      rmSync(copy, { recursive: true });
      taken += 1;
    }
    figures["truncations taken over"] = taken;
  });
});

describe("a bit that is not as it was written", () => {
  const count = long ? 5 : 3;

  /** Flips every bit of the file, one after the other, and reads it each time. */
  function flipAll(
    decode: typeof decodeEntry | undefined,
    check: (reading: FileReading, line: number, offset: number, isBreak: boolean) => void,
  ): number {
    const bytes = readFileSync(only(leftJournal(count)));
    const file = join(dirname(journalFolder()), "segment");
    writeFileSync(file, bytes);
    const descriptor = openSync(file, "r+");
    const put = (at: number, byte: number): number =>
      writeSync(descriptor, Buffer.of(byte), 0, 1, at);
    let [line, start] = [1, 0];
    for (const [at, byte] of bytes.entries()) {
      for (let bit = 0; bit < 8; bit += 1) {
        put(at, byte ^ (1 << bit));
        check(readFile(file, bytes.length, decode), line, start, byte === 10);
      }
      put(at, byte);
      if (byte === 10) [line, start] = [line + 1, at + 1];
    }
    closeSync(descriptor);
    return bytes.length * 8;
  }

  it("costs the entry that it stands in, and tells its place; no other record is delivered", () => {
    const flips = flipAll(undefined, ({ records, losses }, line, start, isBreak) => {
      // Where the break between two lines is gone, both of them are one that cannot be read.
      const lost = isBreak && line < count ? [line, line + 1] : [line];
      const found = records.map(sequenceOf);
      same(records.every(isWritten), true);
      same(found.join(), sequences(1, count, lost).join());
      same(losses.length, 1);
      const [{ count: told, damage } = { count: 0, damage: undefined }] = losses;
      same(damage?.offset, start);
      same(damage?.kind, isBreak && line === count ? "torn" : "unreadable");
      // How many entries the unreadable end of a file had is not known.
      if (lost.includes(count)) same(told > 0, true);
      else same(told, lost.length);
    });
    expect(flips).toBeGreaterThan(count * 1000);
    figures["bit flips read"] = flips;
  });

  it("would make wrong records, or lose some in silence, without the checksum", () => {
    let [wrong, silent] = [0, 0];
    const flips = flipAll(decodeUnchecked, ({ records, losses }) => {
      if (records.some((record) => !isWritten(record))) wrong += 1;
      if (records.length < count && losses.length === 0) silent += 1;
    });
    expect(wrong).toBeGreaterThan(flips / 10);
    figures["bit flips that make a wrong record without the checksum"] = wrong;
    figures["bit flips that lose a record in silence without it"] = silent;
  });

  it("in what is confirmed has it delivered again, and loses nothing", () => {
    const dir = leftJournal(6, { confirmed: 4 });
    const confirmed = join(dirname(only(dir)), "confirmed.jsonl");
    const bytes = readFileSync(confirmed);
    const flips = sequences(0, bytes.length * 8 - 1).filter((n) => long || n % 17 === 0);
    for (const flip of flips) {
      const changed = Buffer.from(bytes);
      changed[flip >> 3] = (bytes[flip >> 3] ?? 0) ^ (1 << (flip & 7));
      writeFileSync(confirmed, changed);
      const { sequences: found, gone } = recover(dir);
      expect([[1, 2, 3, 4, 5, 6].join(), [5, 6].join()]).toContain(found.join());
      expect(gone).toEqual([]);
    }
    for (let length = 0; length < bytes.length; length += 5) {
      writeFileSync(confirmed, bytes.subarray(0, length));
      expect(recover(dir).gone).toEqual([]);
    }
    figures["bit flips of what is confirmed"] = flips.length;
  });
});

/** Changes the lines of a file of ten entries. */
type Change = (lines: Buffer[]) => Buffer[];

const foreignLine = Buffer.from('{"entry":5,"resourceLogs":[]}\n');

const damages: readonly [what: string, Change, lost: number[], atLine: number | undefined][] = [
  ["a changed byte", (l) => l.with(4, replaced(l[4], "alice", "mallo")), [5], 5],
  ["a removed line", (l) => l.toSpliced(4, 1), [5], 5],
  ["removed lines", (l) => l.toSpliced(3, 4), [4, 5, 6, 7], 4],
  ["a first line that is removed", (l) => l.slice(1), [1], 1],
  ["a block of zeroes", (l) => zeroed(l, 4, 512), [4, 5], 4],
  ["two lines in each other's place", (l) => l.with(4, l[5] ?? none).with(5, l[4] ?? none), [5], 5],
  ["a line that stands there twice", (l) => l.toSpliced(4, 0, l[4] ?? none), [], undefined],
  ["a line of somebody else's", (l) => l.toSpliced(4, 0, foreignLine), [], 5],
  ["a line of another number", (l) => l.with(4, replaced(l[4], '"entry":5', '"entry":9')), [5], 5],
  ["megabytes without a line", (l) => l.toSpliced(4, 1, Buffer.alloc(2e7, "x")), [5, 6], 5],
];

const none = Buffer.alloc(0);

function replaced(line: Buffer | undefined, from: string, to: string): Buffer {
  return Buffer.from((line ?? none).toString().replace(from, to));
}

/** Across the end of the line before. */
function zeroed(lines: Buffer[], line: number, length: number): Buffer[] {
  const bytes = Buffer.concat(lines);
  const start = Buffer.concat(lines.slice(0, line)).length - length / 2;
  return [bytes.fill(0, start, start + length)];
}

describe("damage in the middle", () => {
  it.each(damages)("by %s is told with its place, and nothing else is lost", (...damage) => {
    const [, change, lost, atLine] = damage;
    const dir = leftJournal(10);
    const lines = linesOf(readFileSync(only(dir)));
    const file = only(dir);
    const changed = Buffer.concat(change(lines));
    writeFileSync(file, changed);
    const { records, gone, diagnostics } = recover(dir);
    expect(records.map(sequenceOf)).toEqual(sequences(1, 10, lost));
    expect(records.every(isWritten)).toBe(true);
    expect(gone.map(({ count, span }) => [count, span.firstSequence, span.lastSequence])).toEqual(
      lost.length === 0 ? [] : [[lost.length, lost[0] === 1 ? undefined : lost[0], lost.at(-1)]],
    );
    const why = diagnostics[0]?.why ?? gone[0]?.cause.why ?? "";
    // A line that stands there twice does no harm, and is not told.
    expect(why === "").toBe(atLine === undefined);
    if (atLine === undefined) return;
    const offset = Buffer.concat(lines.slice(0, atLine - 1)).length;
    expect(why).toMatch(new RegExp(`damaged from byte ${offset} on|before byte ${offset},`));
    const kept = readdirSync(join(dir, "damaged"));
    expect(kept).toHaveLength(1);
    expect(why).toContain(kept[0]);
    expect(readFileSync(join(dir, "damaged", kept[0] ?? "")).equals(changed)).toBe(true);
    // Told, and done with: the next process finds no loss.
    expect(recover(dir).gone).toEqual([]);
  });

  it.each([
    ["whole", undefined],
    ["torn", -5],
  ])("of the break in front of the last line, which is %s, is told with both", (_, end) => {
    const dir = leftJournal(10);
    const lines = linesOf(readFileSync(only(dir)));
    const [ninth = none, tenth = none] = lines.splice(-2);
    const joined = Buffer.concat([ninth.fill("J", ninth.length - 1), tenth.subarray(0, end)]);
    writeFileSync(only(dir), Buffer.concat([...lines, joined]));
    const { sequences: found, gone } = recover(dir);
    expect(found).toEqual(sequences(1, 8));
    expect(gone.map(({ count }) => count)).toEqual([2]);
  });

  it.each([
    ["first", 0],
    ["middle", 2],
  ])("a %s segment that was removed is told", (_, index) => {
    // Two entries a segment.
    const dir = leftJournal(10, { segmentBytes: 700 });
    const files = segmentFiles(dir);
    const [from, next] = files.slice(index, index + 2).map(firstOf);
    rmSync(files[index] ?? "");
    const { sequences: found, gone } = recover(dir);
    const lost = sequences(from ?? 0, (next ?? 0) - 1);
    expect(found).toEqual(sequences(1, 10, lost));
    expect(gone.map(({ count }) => count)).toEqual([lost.length]);
    expect(gone[0]?.cause.why).toMatch(/-\d{12}\.jsonl before byte 0, or in a file before it/);
  });

  it("a segment whose place a folder has taken is told", () => {
    const dir = leftJournal(10, { segmentBytes: 700 });
    const [, , file = ""] = segmentFiles(dir);
    rmSync(file);
    mkdirSync(file);
    const { sequences: found, gone } = recover(dir);
    expect(gone).toMatchObject([{ cause: { code: "ERR_AUTHLOG_JOURNAL_DAMAGED" } }]);
    expect(found.length + (gone[0]?.count ?? 0)).toBe(10);
  });

  it("segments that were confirmed and dropped are not missed", async () => {
    const dir = journalFolder();
    const { journal } = openJournal(dir, { tuning: { segmentBytes: 700 } });
    for (let n = 1; n <= 10; n += 1) journal.append(numberedRecord(n), "no", 1);
    const read = journal.read(10);
    journal.confirm(read.slice(0, 7).map(({ position }) => position));
    await journal.cleared();
    journal.close();
    expect(firstOf(only(dir))).toBeGreaterThan(1);
    expect(recover(dir)).toMatchObject({ sequences: [8, 9, 10], gone: [], diagnostics: [] });
  });

  it("of a lock keeps one lane from being taken over, and no other", () => {
    const dir = leftJournal(3);
    const damagedLock = join(dirname(only(dir)), "lock");
    const other = leftJournal(4);
    cpSync(dirname(only(other)), join(dir, basename(dirname(only(other)))), { recursive: true });
    writeFileSync(damagedLock, Buffer.alloc(5000, "x"));
    const { sequences: found, diagnostics } = recover(dir);
    expect(found).toEqual([1, 2, 3, 4]);
    expect(diagnostics).toHaveLength(1);
  });

  it("a lock that is gone is made anew, once nobody living can have it", () => {
    const dir = leftJournal(3);
    const lane = dirname(only(dir));
    rmSync(join(lane, "lock"));
    expect(recover(dir).sequences).toEqual([]);
    const past = Date.now() / 1000 - 120;
    utimesSync(lane, past, past);
    expect(recover(dir).sequences).toEqual([1, 2, 3]);
  });

  it("is told in the trail, beside what could be read", async () => {
    const dir = leftJournal(10);
    const file = only(dir);
    const lines = linesOf(readFileSync(file));
    writeFileSync(file, Buffer.concat(lines.with(4, replaced(lines[4], "alice", "mallo"))));
    const delivered: ReadableLogRecord[] = [];
    const exporter = createExporter();
    const processor = new AuditLogRecordProcessor(
      {
        exporter: {
          ...exporter,
          deliver: (records) => {
            delivered.push(...records);
            return Promise.resolve({ status: "delivered" });
          },
        },
        journal: { dir },
      },
      { clock: createClock() },
    );
    await processor.forceFlush();
    await processor.forceFlush();
    await processor.shutdown();
    const own = delivered.filter(({ eventName }) => eventName === "auth.sign_in");
    expect(own.map(sequenceOf)).toEqual(sequences(1, 10, [5]));
    const gaps = delivered.filter(({ eventName }) => eventName === "authlog.gap");
    expect(gaps.map(({ attributes }) => JSON.stringify(attributes))).toEqual([
      expect.stringContaining("ERR_AUTHLOG_JOURNAL_DAMAGED"),
    ]);
  });
});

describe.skipIf(collectorProgram === undefined)("a real collector", () => {
  it("takes each line of a journal as OTLP/JSON, whatever the record was", async () => {
    await using collector = await startCollector(collectorProgram ?? "");
    const seed = 20_261_123;
    const foreign = fc.sample(foreignRecord, { numRuns: long ? 2000 : 200, seed });
    const records = [numberedRecord(1), ...foreign];
    const refused: number[] = [];
    let taken = 0;
    for (const [n, record] of records.entries()) {
      const line = encodeEntry({ number: n + 1, record });
      const headers = { "content-type": "application/json" };
      const { ok } = await fetch(`${collector.url}/v1/logs`, {
        method: "POST",
        headers,
        body: new Uint8Array(line),
      });
      // This collector refuses an empty AnyValue, as null is written; OTLP allows it.
      if (/[:,[]\{\}/.test(line.toString())) continue;
      if (ok) taken += 1;
      else refused.push(n + 1);
    }
    expect(refused).toEqual([]);
    expect(taken).toBeGreaterThan(records.length / 4);
    const received = await collector.records(taken);
    expect(received[0]).toMatchObject({
      eventName: "auth.sign_in",
      attributes: numberedRecord(1).attributes,
      resource: { "service.name": "shop" },
      scope: "authlog",
    });
    figures["lines that the collector took"] = received.length;
  });
});

function firstOf(file: string): number {
  return Number(/(\d{12})\.jsonl$/.exec(file)?.[1]);
}
