import fs, { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import type { Durability, OnFull } from "../../../src/delivery/journal/journal-options.ts";
import type { WriterFiles } from "../../../src/delivery/journal/lane-writer.ts";
import { AuthlogError } from "../../../src/errors.ts";
import type {
  DeliveryOutcome,
  ReadableLogRecord,
  Rejection,
} from "../../../src/telemetry/exporter.ts";
import { attributes, eventNames } from "../../../src/vocabulary.ts";
import { createExporter } from "../../support/delivery.ts";
import type { OtelLine } from "../../support/otel-lines.ts";
import { seeded } from "../../support/random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

/** How a processor of the model is set up. */
export interface ModelSetUp {
  durability: Durability;
  maxInFlight: number;
  maxQueueSize: number;
  maxBytes: number;
  onFull: OnFull;
  /** Whether dead letters find no room. */
  lettersLost: boolean;
  seed: number;
}

/** What can happen to it. */
export type Happening =
  | { type: "emit"; count: number; reject: boolean }
  | { type: "flush" | "settle" | "restart" | "shutdown" }
  | { type: "answer"; index: number; outcome: Answer }
  | { type: "disk"; broken: boolean }
  | { type: "time"; millis: number };

/** `in-part`: of a batch in several requests some were taken, one refused, and the rest has to wait. */
type Answer = "delivered" | "retryable" | "rejected" | "in-part" | "throw";

interface Attempt {
  readonly records: readonly ReadableLogRecord[];
  readonly answer: (outcome: DeliveryOutcome | Error) => void;
}

interface Logger {
  emit(record: object): void;
}

const producerId = "model";

/**
 * A processor between an SDK that emits, a receiver that answers when it is told to, and a disk that
 * fails when it is told to; and the account of what must have become of each record.
 */
export class ModelledWorld {
  /** Sequence numbers of what was emitted, and of it what was while the disk failed. */
  emitted = 0;
  readonly emittedUnsafely = new Set<number>();
  /** How often the receiver has taken each. */
  readonly delivered = new Map<number, number>();
  readonly dead = new Set<number>();
  readonly gaps: ReadableLogRecord[] = [];
  /** Records of the running process in the order in which they were first tried. */
  firstTried: number[] = [];
  everBroken = false;
  /** How many records its processes have said to be gone. */
  dropped = 0;
  mostHeld = 0;
  readonly #line: OtelLine;
  readonly #setUp: ModelSetUp;
  readonly #folder = mkdtempSync(join(tmpdir(), "authlog-model-"));
  readonly #clock: SimulatedClock;
  #broken = false;
  #firstOfProcess = 1;
  #attempts: Attempt[] = [];
  #processor: AuditLogRecordProcessor;
  #logger: Logger;
  /** Faults that nothing may let out. */
  readonly #waits: Promise<unknown>[] = [];

  constructor(line: OtelLine, setUp: ModelSetUp) {
    this.#line = line;
    this.#setUp = setUp;
    this.#clock = new SimulatedClock(seeded(setUp.seed));
    [this.#processor, this.#logger] = this.#start();
  }

  async happen(happening: Happening): Promise<void> {
    switch (happening.type) {
      case "emit":
        for (let n = 0; n < happening.count; n += 1) this.#emit(happening.reject);
        break;
      case "flush":
        this.#waits.push(this.#processor.forceFlush({ timeoutMillis: 5 }));
        break;
      case "settle":
        this.#waits.push(this.#processor.settle({ timeoutMillis: 5, urgent: true }));
        break;
      case "answer":
        this.#answer(happening.index, happening.outcome);
        break;
      case "disk":
        this.#broken = happening.broken;
        this.everBroken ||= happening.broken;
        break;
      case "time":
        await this.#advance(happening.millis);
        break;
      case "restart":
        await this.#restart();
        break;
      case "shutdown": {
        const shutdown = this.#processor.shutdown({ timeoutMillis: 5 });
        this.#emit(false);
        await shutdown;
        await this.#restart();
      }
    }
    await turn();
    this.mostHeld = Math.max(this.mostHeld, this.#processor.depth);
  }

  /** All faults are over: waits until nothing is owed, and nothing is left to be told. */
  async recover(): Promise<void> {
    this.#broken = false;
    await this.#advance(61_000);
    await this.#restart();
    for (let quiet = 0, round = 0; quiet < 3; round += 1) {
      if (round > 2000) throw new Error(`${this.#processor.depth} records are stuck.`);
      await turn();
      while (this.#attempts.length > 0) this.#answer(0, "delivered");
      await this.#advance(30_000);
      quiet = this.#processor.depth === 0 && this.#attempts.length === 0 ? quiet + 1 : 0;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#waits);
    await this.#processor.shutdown({ timeoutMillis: 1 });
    this.dropped += this.#processor.dropped;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #start(): [AuditLogRecordProcessor, Logger] {
    const { durability, maxInFlight, maxQueueSize, maxBytes, onFull } = this.#setUp;
    // What a process that is gone has under way ends nowhere.
    this.#attempts = [];
    const attempts = this.#attempts;
    this.firstTried = [];
    this.#firstOfProcess = this.emitted + 1;
    const exporter = createExporter();
    exporter.deliver = (records) =>
      new Promise((resolve, reject) => {
        this.#noteOrder(records);
        attempts.push({
          records,
          answer: (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)),
        });
      });
    const processor = new AuditLogRecordProcessor(
      {
        exporter,
        includes: () => true,
        durability,
        maxInFlight,
        maxQueueSize,
        maxExportBatchSize: 4,
        journal: { dir: join(this.#folder, "journal"), maxBytes, onFull },
        deadLetters: {
          write: (letters) => {
            if (this.#setUp.lettersLost) return letters;
            for (const { record } of letters) {
              if (record.eventName === eventNames.gap) this.gaps.push(record);
              else this.dead.add(sequenceOf(record));
            }
            return [];
          },
        },
      },
      { clock: this.#clock, files: this.#files() },
    );
    const provider = new this.#line.sdkLogs.LoggerProvider({ processors: [processor] });
    return [processor, provider.getLogger("model")];
  }

  #emit(reject: boolean): void {
    this.emitted += 1;
    if (this.#broken || this.#setUp.durability === "memory") this.emittedUnsafely.add(this.emitted);
    this.#logger.emit({
      eventName: reject ? eventNames.requestReject : eventNames.signIn,
      severityNumber: 9,
      body: "happened",
      attributes: { [attributes.producerId]: producerId, [attributes.sequence]: this.emitted },
    });
  }

  #answer(index: number, outcome: Answer): void {
    const [attempt] = this.#attempts.splice(index % Math.max(1, this.#attempts.length), 1);
    if (attempt === undefined) return;
    const { records, answer } = attempt;
    const cause = fault("ERR_AUTHLOG_DELIVERY_RETRYABLE");
    if (outcome === "throw") return answer(new Error("The exporter is broken."));
    if (outcome === "retryable") return answer({ status: "retryable", cause });
    const chosen = index % records.length;
    // What tells of a gap is refused by no receiver of the model: it would be a dead letter as well.
    const refuses = outcome !== "delivered" && records[chosen]?.eventName !== eventNames.gap;
    const refused: Rejection[] = refuses
      ? [{ index: chosen, cause: fault("ERR_AUTHLOG_DELIVERY_REJECTED") }]
      : [];
    const seen = outcome === "in-part" ? records.slice(0, chosen + 1) : records;
    const taken = [...seen.keys()].filter((place) => place !== refused[0]?.index);
    for (const place of taken) this.#take(records[place]);
    if (outcome === "in-part") {
      answer({
        status: "retryable",
        cause,
        settled: [...refused, ...taken.map((place) => ({ index: place }))],
      });
    } else {
      answer(refuses ? { status: "rejected", records: refused } : { status: "delivered" });
    }
  }

  /** The receiver has a record from now on. */
  #take(record: ReadableLogRecord | undefined): void {
    if (record === undefined) return;
    if (record.eventName === eventNames.gap) this.gaps.push(record);
    else {
      const sequence = sequenceOf(record);
      this.delivered.set(sequence, (this.delivered.get(sequence) ?? 0) + 1);
    }
  }

  async #advance(millis: number): Promise<void> {
    const until = this.#clock.nowMillis + millis;
    for (;;) {
      const next = Math.min(this.#clock.nextMillis ?? Infinity, until);
      this.#clock.advanceTo(next);
      await turn();
      if (next >= until) return;
    }
  }

  /** The end of a process that is not shut down. */
  async #restart(): Promise<void> {
    await turn();
    // Whoever waits is gone with the process.
    await Promise.all(this.#waits.splice(0));
    this.#processor.end();
    this.dropped += this.#processor.dropped;
    this.#clock.clear();
    [this.#processor, this.#logger] = this.#start();
  }

  #noteOrder(records: readonly ReadableLogRecord[]): void {
    const seen = new Set(this.firstTried);
    for (const record of records) {
      const sequence = sequenceOf(record);
      const own = record.eventName !== eventNames.gap && sequence >= this.#firstOfProcess;
      if (own && !seen.has(sequence)) this.firstTried.push(sequence);
    }
  }

  #files(): WriterFiles {
    const guard = <T extends (...args: never[]) => unknown>(call: T): T =>
      ((...args: Parameters<T>) => {
        if (this.#broken) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
        return call(...args);
      }) as T;
    return { ...fs, openSync: guard(fs.openSync), writeSync: guard(fs.writeSync) };
  }
}

/** The record's place in the model's count. */
function sequenceOf(record: ReadableLogRecord): number {
  return Number(record.attributes[attributes.sequence]);
}

function fault(
  code: "ERR_AUTHLOG_DELIVERY_RETRYABLE" | "ERR_AUTHLOG_DELIVERY_REJECTED",
): AuthlogError {
  return new AuthlogError(code, { message: "m", why: "w", fix: "f" });
}
