import fs, { readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import type { AuditLogRecordProcessorOptions } from "../../../src/delivery/processor-options.ts";
import type { DeadLetters } from "../../../src/delivery/dead-letter.ts";
import { viewJournal } from "../../../src/delivery/journal/journal-view.ts";
import type { WriterFiles } from "../../../src/delivery/journal/lane-writer.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { type AuthLogRecord, getSlot } from "../../../src/slot.ts";
import type { DeliveryOutcome, ReadableLogRecord } from "../../../src/telemetry/exporter.ts";
import { flush } from "../../../src/telemetry/flush.ts";
import { takeIdentity } from "../../../src/telemetry/identity.ts";
import { emit } from "../../../src/telemetry/logger.ts";
import { attributes, eventNames } from "../../../src/vocabulary.ts";
import { createExporter } from "../../support/delivery.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../support/journal.ts";
import { disableOtel, line3, otelLines } from "../../support/otel-lines.ts";
import { openJournal } from "../../support/recovery.ts";
import { seeded } from "../../support/random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
afterEach(disableOtel);

const refused = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
  message: "m",
  why: "w",
  fix: "f",
});
const down: DeliveryOutcome = {
  status: "retryable",
  cause: new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", { message: "m", why: "w", fix: "f" }),
};

/** A dead-letter file that has no room. */
const fullFile: DeadLetters = { write: (letters) => letters };

interface Opened {
  processor: AuditLogRecordProcessor;
  clock: SimulatedClock;
  /** The trail: what the receiver took. */
  trail: ReadableLogRecord[];
  /** How the receiver answers; it takes what it is sent by default. */
  receiver: { answer: (records: readonly ReadableLogRecord[]) => DeliveryOutcome };
}

function open(
  options: Omit<AuditLogRecordProcessorOptions, "exporter">,
  up = true,
  files: WriterFiles = fs,
): Opened {
  const clock = new SimulatedClock(seeded(1));
  const trail: ReadableLogRecord[] = [];
  const receiver: Opened["receiver"] = { answer: () => (up ? { status: "delivered" } : down) };
  const exporter = createExporter();
  exporter.deliver = (records) => {
    const outcome = receiver.answer(records);
    const lost =
      outcome.status === "rejected" ? outcome.records.map(({ index }) => index) : undefined;
    if (outcome.status !== "retryable") {
      trail.push(...records.filter((_, index) => lost?.includes(index) !== true));
    }
    return Promise.resolve(outcome);
  };
  const processor = new AuditLogRecordProcessor({ exporter, ...options }, { clock, files });
  return { processor, clock, trail, receiver };
}

function signIn(eventName: string = eventNames.signIn): AuthLogRecord {
  const { uid, producerId, sequence } = takeIdentity();
  return {
    eventName,
    timeUnixMillis: 1_700_000_000_000 + sequence,
    severityNumber: 9,
    severityText: "INFO",
    body: "alice@example.com signed in",
    attributes: {
      [attributes.recordUid]: uid,
      [attributes.producerId]: producerId,
      [attributes.sequence]: sequence,
    },
  };
}

function takeAll(processor: AuditLogRecordProcessor, count: number, eventName?: string): void {
  for (let n = 0; n < count; n += 1) processor.take(signIn(eventName));
}

async function deliverAll({ processor, receiver, clock }: Opened): Promise<void> {
  receiver.answer = () => ({ status: "delivered" });
  // What is lost on the way is told too.
  for (let round = 0; round < 200 && (processor.depth > 0 || round < 3); round += 1) {
    await processor.forceFlush();
    clock.advanceTo(clock.nowMillis + 2000);
  }
}

/** Entries that a journal keeps, whoever has it. */
const entriesIn = (dir: string): number => viewJournal(dir).total.depth;

const rejecting: Opened["receiver"]["answer"] = () => ({
  status: "rejected",
  records: [{ index: 0, cause: refused }],
});

const eio = (): Error => Object.assign(new Error("i/o error"), { code: "EIO" });

const gapsOf = (trail: readonly ReadableLogRecord[]): ReadableLogRecord["attributes"][] =>
  trail.filter(({ eventName }) => eventName === eventNames.gap).map((gap) => gap.attributes);

/** Every place of the producer's count is in the trail, or told as gone: no hole is left. */
function expectNoHole(trail: readonly ReadableLogRecord[]): void {
  const last = Math.max(...trail.map((record) => Number(record.attributes[attributes.sequence])));
  const gone = gapsOf(trail).reduce((sum, gap) => sum + Number(gap[attributes.gapCount]), 0);
  const there = new Set(trail.map((record) => record.attributes[attributes.sequence]));
  expect(there.size).toBe(trail.length);
  expect(there.size + gone).toBe(last);
  for (let n = 1; n <= last; n += 1) {
    const told = gapsOf(trail).some((gap) => {
      const [from, to] = [gap[attributes.gapFirstSequence], gap[attributes.gapLastSequence]];
      return Number(from) <= n && n <= Number(to);
    });
    expect(there.has(n) || told).toBe(true);
  }
}

const codes = (): string[] => watched.diagnostics.map(({ code }) => code);

describe("what could not be kept is told in the trail, with its place", () => {
  it("at the natural end of a process, where only memory keeps it", async () => {
    const opened = open({ durability: "memory" }, false);
    opened.receiver.answer = (records) => {
      const refusals = [...records.keys()]
        .filter((index) => records[index]?.eventName !== eventNames.gap)
        .map((index) => ({ index, cause: refused }));
      if (refusals.length === 0) return { status: "delivered" };
      return { status: "rejected", records: refusals };
    };
    takeAll(opened.processor, 1);
    await opened.processor.forceFlush();
    await opened.processor.forceFlush();
    // Known as lost while that is told, and only at the end.
    takeAll(opened.processor, 1);
    await opened.processor.forceFlush();
    takeAll(opened.processor, 1);
    await opened.processor.runDry();
    opened.processor.end();
    expect(gapsOf(opened.trail).map((gap) => gap[attributes.gapCount])).toEqual([1, 1, 1]);
  });

  it("where only memory keeps records, and it is full", async () => {
    const opened = open({ durability: "memory", maxQueueSize: 10 }, false);
    takeAll(opened.processor, 15);
    await deliverAll(opened);
    expect(gapsOf(opened.trail)).toMatchObject([
      {
        [attributes.gapCode]: "ERR_AUTHLOG_QUEUE_FULL",
        [attributes.gapCount]: 5,
        [attributes.gapProducerId]: getSlot().producer.id,
        [attributes.gapFirstSequence]: 11,
        [attributes.gapLastSequence]: 15,
        [attributes.gapFirstTime]: "2023-11-14T22:13:20.011Z",
        [attributes.gapLastTime]: "2023-11-14T22:13:20.015Z",
      },
    ]);
    expectNoHole(opened.trail);
    expect(codes()).toContain("ERR_AUTHLOG_QUEUE_FULL");
    expect(codes().filter((code) => code === "ERR_AUTHLOG_QUEUE_FULL")).toHaveLength(1);
    await opened.processor.shutdown();
  });

  it.each(["drop-newest", "drop-oldest"] as const)(
    "where the journal is full, and is to %s",
    async (onFull) => {
      const journal = { dir: journalFolder(), maxBytes: 100_000, onFull };
      const opened = open({ journal, maxQueueSize: 10 }, false);
      takeAll(opened.processor, 600);
      expect(opened.processor.dropped).toBeGreaterThan(100);
      await deliverAll(opened);
      expect(gapsOf(opened.trail)).toMatchObject([
        { [attributes.gapCode]: "ERR_AUTHLOG_JOURNAL_FULL" },
      ]);
      expectNoHole(opened.trail);
      const newest = opened.trail.some((record) => record.attributes[attributes.sequence] === 600);
      expect(newest).toBe(onFull === "drop-oldest");
      expect(codes().filter((code) => code === "ERR_AUTHLOG_JOURNAL_FULL")).toHaveLength(1);
      await opened.processor.shutdown();
    },
  );

  it("where the oldest goes for what is newer, but not for what anyone can bring about", async () => {
    const journal = { dir: journalFolder(), maxBytes: 200_000, onFull: "drop-oldest" } as const;
    const opened = open({ journal, maxQueueSize: 10 }, false);
    takeAll(opened.processor, 120);
    expect(opened.processor.dropped).toBe(0);
    takeAll(opened.processor, 1000, eventNames.requestReject);
    await deliverAll(opened);
    const signIns = opened.trail.filter(({ eventName }) => eventName === eventNames.signIn);
    expect(signIns).toHaveLength(120);
    expectNoHole(opened.trail);
    await opened.processor.shutdown();
  });

  it("where the journal of a process that is gone is damaged", async () => {
    const journal = { dir: journalFolder() };
    const first = open({ journal }, false);
    takeAll(first.processor, 20);
    first.processor.end();
    const [file = ""] = segmentFiles(journal.dir);
    const bytes = readFileSync(file);
    const place = bytes.indexOf('"entry":8,') + 40;
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const second = open({ journal });
    await deliverAll(second);
    expect(gapsOf(second.trail)).toMatchObject([
      {
        [attributes.gapCode]: "ERR_AUTHLOG_JOURNAL_DAMAGED",
        [attributes.gapCount]: 1,
        [attributes.gapFirstSequence]: 8,
        [attributes.gapLastSequence]: 8,
      },
    ]);
    expectNoHole(second.trail);
    await second.processor.shutdown();
  });

  it("and makes no flush false where a process left it that is gone", async () => {
    const dir = journalFolder();
    const { journal } = openJournal(dir);
    for (let n = 1; n <= 20; n += 1) journal.append(numberedRecord(n), "no", 1);
    journal.close();
    const [file = ""] = segmentFiles(dir);
    writeFileSync(file, readFileSync(file, "utf8").replace('"entry":8,', '"entry":9,'));
    const opened = open({ journal: { dir } });
    await deliverAll(opened);
    expect(gapsOf(opened.trail)).toMatchObject([{ [attributes.gapCount]: 1 }]);
    expect(await flush()).toBe(true);
    await opened.processor.shutdown();
  });

  it("and makes one flush false where it waited at the end of this process's processor", async () => {
    const opened = open({ journal: { dir: journalFolder() } }, false);
    takeAll(opened.processor, 3);
    await opened.processor.shutdown({ timeoutMillis: 200 });
    expect(opened.processor.dropped).toBe(0);
    expect([await flush(), await flush()]).toEqual([false, true]);
  });

  it("also where the oldest has to go, and what tells of a gap is the oldest", async () => {
    const journal = { dir: journalFolder(), maxBytes: 4000, onFull: "drop-oldest" } as const;
    const first = open({ journal, maxQueueSize: 4 }, false);
    takeAll(first.processor, 4);
    const ended = first.processor.shutdown();
    takeAll(first.processor, 1);
    await ended;
    const second = open({ journal, maxQueueSize: 2 }, false);
    takeAll(second.processor, 20);
    await deliverAll(second);
    const told = gapsOf(second.trail).map((gap) => gap[attributes.gapCode]);
    expect(told).toContain("ERR_AUTHLOG_PROCESSOR_SHUT_DOWN");
    expect(told).toContain("ERR_AUTHLOG_JOURNAL_FULL");
    expectNoHole(second.trail);
    await second.processor.shutdown();
  });

  it("where a record is refused for good, and no dead-letter file takes it", async () => {
    const opened = open({ durability: "memory", deadLetters: fullFile });
    opened.receiver.answer = () => ({
      status: "rejected",
      records: [{ index: 1, cause: refused }],
    });
    takeAll(opened.processor, 3);
    await opened.processor.forceFlush();
    await deliverAll(opened);
    expect(gapsOf(opened.trail)).toMatchObject([
      {
        [attributes.gapCode]: "ERR_AUTHLOG_DEAD_LETTER_FAILED",
        [attributes.gapCount]: 1,
        [attributes.gapFirstSequence]: 2,
      },
    ]);
    expectNoHole(opened.trail);
    await opened.processor.shutdown();
  });

  it("but not for ever, where the receiver refuses what tells of it as well", async () => {
    const opened = open({ durability: "memory" });
    opened.receiver.answer = (records) => ({
      status: "rejected",
      records: records.map((_, index) => ({ index, cause: refused })),
    });
    takeAll(opened.processor, 3);
    for (let second = 0; second < 60; second += 1) {
      await opened.processor.forceFlush();
      opened.clock.advanceTo(opened.clock.nowMillis + 1000);
    }
    expect(opened.processor.depth).toBe(0);
    expect(getSlot().producer.sequence).toBe(4);
    await opened.processor.shutdown();
  });

  it("where it came after the shutdown had begun: by the next process", async () => {
    const journal = { dir: journalFolder() };
    const first = open({ journal });
    takeAll(first.processor, 2);
    const ended = first.processor.shutdown();
    takeAll(first.processor, 3);
    await ended;
    const second = open({ journal });
    await deliverAll(second);
    expect(gapsOf(second.trail)).toMatchObject([
      { [attributes.gapCode]: "ERR_AUTHLOG_PROCESSOR_SHUT_DOWN", [attributes.gapCount]: 3 },
    ]);
    expectNoHole([...first.trail, ...second.trail]);
    await second.processor.shutdown();
  });
});

describe("an answer that waits for the disk", () => {
  it("is not let go by a shutdown before its event is there", async () => {
    const syncs: (() => void)[] = [];
    const begun: number[] = [];
    const awaited = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const fdatasync = (descriptor: number, callback: (error: Error | null) => void): void => {
      begun.push(fs.fstatSync(descriptor).size);
      syncs.push(() => fs.fdatasync(descriptor, callback));
      awaited[begun.length - 1]?.resolve();
    };
    const dir = journalFolder();
    const files = { ...fs, fdatasync } as unknown as WriterFiles;
    const { processor } = open({ journal: { dir }, durability: "disk" }, false, files);
    takeAll(processor, 1);
    const first = processor.onDisk(5000);
    await awaited[0]?.promise;
    // It waits for the next sync, which is not begun when the shutdown is.
    takeAll(processor, 1);
    const ended: string[] = [];
    const second = processor.onDisk(5000)?.then(() => ended.push("answer"));
    const shutdown = processor.shutdown().then(() => ended.push("shutdown"));
    syncs[0]?.();
    await first;
    await awaited[1]?.promise;
    expect(ended).toEqual([]);
    const [file = ""] = segmentFiles(dir);
    expect(begun[1]).toBe(fs.statSync(file).size);
    syncs[1]?.();
    await Promise.all([second, shutdown]);
    expect(ended).toEqual(["answer", "shutdown"]);
    expect(codes()).toEqual(["ERR_AUTHLOG_DELIVERY_RETRYABLE"]);
  });
});

describe("a dead letter at disk", () => {
  const options = { durability: "disk", maxExportBatchSize: 1 } as const;

  it("is on the disk before the journal's copy goes", async () => {
    const disk = Promise.withResolvers<void>();
    const deadLetters: DeadLetters = { write: () => [], onDisk: () => disk.promise };
    const journal = { dir: journalFolder() };
    const opened = open({ ...options, journal, deadLetters });
    opened.receiver.answer = rejecting;
    takeAll(opened.processor, 1);
    expect(await opened.processor.settle({ timeoutMillis: 0, urgent: true })).toBe(false);
    expect(entriesIn(journal.dir)).toBe(1);
    const settled = opened.processor.settle({ timeoutMillis: 60_000, urgent: false });
    const ended = opened.processor.shutdown();
    disk.resolve();
    expect(await settled).toBe(true);
    await ended;
    expect(entriesIn(journal.dir)).toBe(0);
    expect(codes()).toEqual(["ERR_AUTHLOG_DELIVERY_REJECTED"]);
  });

  it("is what a flush waits for, too", async () => {
    const disk = Promise.withResolvers<void>();
    const deadLetters: DeadLetters = { write: () => [], onDisk: () => disk.promise };
    const journal = { dir: journalFolder() };
    const { processor, receiver } = open({ ...options, journal, deadLetters });
    receiver.answer = rejecting;
    takeAll(processor, 1);
    const left = processor.forceFlush({ timeoutMillis: 60_000 }).then(() => entriesIn(journal.dir));
    setImmediate(disk.resolve);
    expect(await left).toBe(0);
    await processor.shutdown();
  });

  it("that the disk did not take is told as gone, and held no longer", async () => {
    const journal = { dir: journalFolder() };
    const deadLetters: DeadLetters = { write: () => [], onDisk: () => Promise.reject(eio()) };
    const opened = open({ ...options, journal, deadLetters });
    opened.receiver.answer = rejecting;
    takeAll(opened.processor, 1);
    expect(await opened.processor.settle({ timeoutMillis: 60_000, urgent: true })).toBe(true);
    await deliverAll(opened);
    expect(gapsOf(opened.trail)).toMatchObject([
      { [attributes.gapCode]: "ERR_AUTHLOG_DEAD_LETTER_FAILED", [attributes.gapCount]: 1 },
    ]);
    expectNoHole(opened.trail);
    await opened.processor.shutdown();
  });
});

describe.each(otelLines)("with a provider of $name", ({ logs, sdkLogs, api, sdkMetrics, name }) => {
  it("what tells of a gap reaches its other exporters too", async () => {
    const seen = new sdkLogs.InMemoryLogRecordExporter();
    const opened = open({ durability: "memory", maxQueueSize: 1 }, false);
    const simple = new sdkLogs.SimpleLogRecordProcessor({ exporter: seen });
    logs.setGlobalLoggerProvider(
      new sdkLogs.LoggerProvider({ processors: [simple, opened.processor] }),
    );
    for (let n = 0; n < 3; n += 1) emit(signIn());
    await deliverAll(opened);
    const names = seen.getFinishedLogRecords().map(({ eventName }) => eventName);
    expect(names.filter((eventName) => eventName === eventNames.gap)).toHaveLength(1);
    expect(gapsOf(opened.trail)).toHaveLength(1);
    await opened.processor.shutdown();
  });

  it("a shutdown of the provider tells what is open, and blames nobody", async () => {
    const opened = open({ durability: "memory", maxQueueSize: 1 });
    const provider = new sdkLogs.LoggerProvider({ processors: [opened.processor] });
    logs.setGlobalLoggerProvider(provider);
    for (let n = 0; n < 3; n += 1) emit(signIn());
    await provider.shutdown();
    expect(gapsOf(opened.trail)).toMatchObject([{ [attributes.gapCount]: 2 }]);
    expect(codes()).toEqual(["ERR_AUTHLOG_QUEUE_FULL"]);
  });

  it.runIf(name === line3.name)("what is gone is counted by its cause", async () => {
    const reader = new sdkMetrics.PeriodicExportingMetricReader({
      exporter: { export: () => {}, forceFlush: () => Promise.resolve(), shutdown: () => {} },
    });
    const meters = new sdkMetrics.MeterProvider({ readers: [reader] });
    api.metrics.setGlobalMeterProvider(meters);
    const journal = { dir: journalFolder(), maxBytes: 100_000, onFull: "drop-oldest" } as const;
    const opened = open({ journal, maxQueueSize: 10 }, false);
    takeAll(opened.processor, 600);
    const { resourceMetrics } = await reader.collect();
    const points = resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .filter(({ descriptor }) => descriptor.name === "otel.sdk.processor.log.processed")
      .flatMap(({ dataPoints }) => dataPoints);
    expect(points).toMatchObject([
      {
        attributes: { "error.type": "ERR_AUTHLOG_JOURNAL_FULL" },
        value: opened.processor.dropped,
      },
    ]);
    opened.processor.end();
  });
});

describe("what anyone can bring about", () => {
  it.each([eventNames.requestReject, eventNames.sessionReject])(
    "cannot take the room of sign-ins in a full journal: %s",
    async (reject) => {
      const journal = { dir: journalFolder(), maxBytes: 200_000 };
      const opened = open({ journal, maxQueueSize: 10 }, false);
      takeAll(opened.processor, 2000, reject);
      const flooded = opened.processor.dropped;
      expect(flooded).toBeGreaterThan(1000);
      takeAll(opened.processor, 20);
      expect(opened.processor.dropped).toBe(flooded);
      takeAll(opened.processor, 100, reject);
      expect(opened.processor.dropped).toBe(flooded + 100);
      await deliverAll(opened);
      const signIns = opened.trail.filter(({ eventName }) => eventName === eventNames.signIn);
      expect(signIns).toHaveLength(20);
      expectNoHole(opened.trail);
      await opened.processor.shutdown();
    },
  );

  it("would take it, were it no different from a sign-in", async () => {
    const journal = { dir: journalFolder(), maxBytes: 200_000 };
    const { processor } = open({ journal, maxQueueSize: 10 }, false);
    takeAll(processor, 2000);
    const flooded = processor.dropped;
    takeAll(processor, 20);
    expect(processor.dropped).toBe(flooded + 20);
    processor.end();
  });
});

describe("somebody who waits for all that was accepted", () => {
  it("does not wait for a full batch of what had no room in memory", async () => {
    const limits = { maxQueueSize: 4, maxExportBatchSize: 4, scheduledDelayMillis: 30_000 };
    const opened = open({ journal: { dir: journalFolder() }, ...limits });
    takeAll(opened.processor, 6);
    expect(await opened.processor.settle({ timeoutMillis: 1000, urgent: true })).toBe(true);
    expect(opened.trail).toHaveLength(6);
    expect(opened.clock.nowMillis).toBe(0);
    await opened.processor.shutdown();
  });
});

describe("a bound of the journal that cannot be used", () => {
  it.each([Number.NaN, -1, 0, Infinity, "1 GiB"])(
    "%s is said, and the default taken",
    (maxBytes) => {
      const journal = { dir: journalFolder(), maxBytes: maxBytes as number };
      const { processor } = open({ journal, maxQueueSize: 2 }, false);
      takeAll(processor, 10);
      expect(processor.depth).toBe(10);
      expect(codes()).toEqual(["ERR_AUTHLOG_CONFIG_INVALID"]);
      processor.end();
    },
  );

  it("is one that is not set, where it is undefined", () => {
    const journal = { dir: journalFolder(), maxBytes: undefined as never };
    const { processor } = open({ journal, maxQueueSize: 2 }, false);
    takeAll(processor, 10);
    expect(processor.depth).toBe(10);
    expect(codes()).toEqual([]);
    processor.end();
  });
});
