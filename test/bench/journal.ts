import { fdatasync, openSync, writeSync, closeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { encodeEntry } from "../../dist/src/delivery/journal/entry-line.js";
import { toLogRecord } from "../../dist/src/event/to-log-record.js";
import { AuditLogRecordProcessor, type ReadableLogRecord } from "../../dist/src/otel.js";
import { type Figures, interleave, summarize } from "./measure.ts";
import { nullExporter } from "./null-exporter.ts";
import { signInEvent } from "./sample-events.ts";

/** Nothing is sent while it is measured: what is asked is what keeping costs. */
const queue = { maxQueueSize: 1_000_000, scheduledDelayMillis: 3_600_000 };

const producers = 100;
const perProducer = 100;

/** One way to have a sign-in on the disk. */
interface Keeper {
  /** Resolves when one more is there. */
  keep(): Promise<void>;
  close(): Promise<void>;
}

/** A sign-in that waits for the disk, with 100 at once: the journal beside a bare group commit. */
export async function measureDisk(): Promise<{
  throughput: Figures[];
  latency: Figures[];
  pacedLatency: Figures[];
}> {
  const folder = await mkdtemp(join(tmpdir(), "authlog-bench-disk-"));
  const ways = [
    { name: "bare group commit of the same bytes", make: () => bareCommit(folder) },
    { name: "authlog at disk", make: () => auditedCommit(folder) },
  ];
  const throughput: Latency[] = ways.map(() => new Latency());
  const paced: Latency[] = ways.map(() => new Latency());
  const perSecond = await interleave(
    ways.map(({ name, make }, way) => ({
      name,
      unit: "records/s",
      sample: async () => {
        paced[way]?.add((await produce(make(), pauseMillis)).millis);
        const sample = await produce(make());
        throughput[way]?.add(sample.millis);
        return sample.perSecond;
      },
    })),
    9,
  );
  await rm(folder, { recursive: true });
  const figures = (latencies: readonly Latency[]): Figures[] =>
    ways.flatMap(({ name }, way) => latencies[way]?.figures(name) ?? []);
  return {
    throughput: perSecond,
    latency: figures(throughput),
    pacedLatency: figures(paced),
  };
}

/** How long single sign-ins waited, sample by sample. */
class Latency {
  readonly #p50: number[] = [];
  readonly #p99: number[] = [];

  add(millis: readonly number[]): void {
    const sorted = millis.toSorted((a, b) => a - b);
    this.#p50.push(sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN);
    this.#p99.push(sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN);
  }

  figures(name: string): Figures[] {
    return [
      summarize(`${name}: p50 of one sign-in`, "ms", this.#p50),
      summarize(`${name}: p99 of one sign-in`, "ms", this.#p99),
    ];
  }
}

/** Between 1 and 19 ms, and each of them as often: what else a sign-in waits for, at the very least. */
function pauseMillis(producer: number, n: number): number {
  return 1 + ((n * 7 + producer * 3) % 19);
}

/** @param pause how long a producer rests before one more; none where it never does */
async function produce(
  keeper: Keeper,
  pause?: (producer: number, n: number) => number,
): Promise<{ perSecond: number; millis: number[] }> {
  const millis: number[] = [];
  const begun = performance.now();
  const producer = async (_: unknown, index: number): Promise<void> => {
    for (let n = 0; n < perProducer; n += 1) {
      if (pause !== undefined) await setTimeout(pause(index, n));
      const start = performance.now();
      await keeper.keep();
      millis.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: producers }, producer));
  const perSecond = (producers * perProducer) / ((performance.now() - begun) / 1000);
  await keeper.close();
  return { perSecond, millis };
}

function auditedCommit(folder: string): Keeper {
  const processor = new AuditLogRecordProcessor({
    exporter: nullExporter,
    ...queue,
    durability: "disk",
    journal: { dir: join(folder, "journal") },
  });
  // Made before the clock starts: what is asked is what the disk costs.
  const records = Array.from({ length: producers * perProducer }, (_, n) => recordOf(n));
  return {
    async keep() {
      const record = records.pop();
      if (record !== undefined) processor.take(record);
      await processor.onDisk(60_000);
    },
    close: () => processor.shutdown(),
  };
}

/** What a program would write that does nothing but this: a write each, and one sync for all who wait. */
function bareCommit(folder: string): Keeper {
  const line = encodeEntry({ number: 1, record: readable(recordOf(1)) });
  const file = openSync(join(folder, "bare.jsonl"), "a", 0o600);
  let round = Promise.resolve();
  let next: Promise<void> | undefined;
  const sync = async (previous: Promise<void>): Promise<void> => {
    await previous;
    await setImmediate();
    next = undefined;
    round = promisify(fdatasync)(file);
    await round;
  };
  return {
    keep() {
      writeSync(file, line);
      return (next ??= sync(round));
    },
    close: () => Promise.resolve(closeSync(file)),
  };
}

function recordOf(sequence: number): ReturnType<typeof toLogRecord> {
  return toLogRecord(signInEvent(), { uid: `bench-${sequence}`, producerId: "bench", sequence });
}

function readable(record: ReturnType<typeof toLogRecord>): ReadableLogRecord {
  return {
    ...record,
    hrTime: [Math.floor(record.timeUnixMillis / 1000), 0],
    hrTimeObserved: [Math.floor(record.timeUnixMillis / 1000), 0],
    resource: { attributes: {} },
    instrumentationScope: { name: "authlog" },
    droppedAttributesCount: 0,
  };
}
