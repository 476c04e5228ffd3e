import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { deadLetterFile } from "../../src/delivery/dead-letter.ts";
import type { Durability } from "../../src/delivery/journal/journal-options.ts";
import { letterLines } from "../../src/delivery/letter-lines.ts";
import { loadBulkCall } from "../../src/pangea/request.ts";
import type { DeliveringExporter } from "../../src/telemetry/exporter.ts";
import {
  fates,
  type MoodyReceiver,
  moods,
  startMoodyReceiver,
} from "../integration/moody-receiver.ts";
import { exporterTo } from "../integration/pangea-harness.ts";
import { logRecord } from "../integration/pangea-records.ts";
import { seeded } from "../support/random.ts";
import { watchSlot } from "../support/slot.ts";

watchSlot();

const long = process.env.TEST_AUTHLOG_LONG === "1";
const events = long ? 60_000 : 3000;
const restarts = long ? 60 : 6;
const batchSize = 8;

let folder: string;
let receiver: MoodyReceiver | undefined;
beforeAll(async () => {
  await loadBulkCall();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-moods-"));
});
afterEach(async () => {
  await receiver?.close();
  rmSync(folder, { recursive: true });
});

/** What became of the events of one run. */
interface Ends {
  lost: string[];
  /** Taken more often than answers left open whether they had been. */
  twice: string[];
  wrongLetters: string[];
}

/** Emits through one processor after another, each of which ends as if its process had died. */
class Trial {
  readonly #durability: Durability;
  readonly #receiver: MoodyReceiver;
  readonly #kinds = new Map<string, string>();
  /** How often a sender heard no answer about an event. */
  readonly #unheard = new Map<string, number>();
  /** Of these a sender knows what became of them. */
  readonly #settled = new Set<string>();
  #underWay = new Set<readonly string[]>();
  #processor: AuditLogRecordProcessor;

  constructor(durability: Durability, moody: MoodyReceiver) {
    this.#durability = durability;
    this.#receiver = moody;
    this.#processor = this.#start();
  }

  async emit(count: number, kindOf: () => string): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      this.#emitOne(kindOf());
      if (n % 200 === 0) await delay(1);
    }
  }

  /** The process dies: what it hears from now on, nobody notes. */
  restart(): void {
    for (const uids of this.#underWay) this.#doubt(uids);
    this.#doubt(this.#receiver.forsake().filter((uid) => !this.#settled.has(uid)));
    this.#underWay = new Set();
    this.#processor.end();
    this.#processor = this.#start();
  }

  async recover(): Promise<void> {
    // What stands alone at the end is given up only if the receiver takes something else beside it.
    while (this.#processor.depth > 0) {
      this.#emitOne("good");
      await this.#processor.forceFlush();
      await delay(1);
    }
    await this.#processor.shutdown();
  }

  ends(): Ends {
    const { taken, open } = this.#receiver;
    const ends: Ends = { lost: [], twice: [], wrongLetters: [] };
    const letters = this.#letters();
    for (const [uid, kind] of this.#kinds) {
      const times = taken.get(uid) ?? 0;
      const doubts = (open.get(uid) ?? 0) + (this.#unheard.get(uid) ?? 0);
      const fate = fates[kind];
      const said = letters.get(uid) ?? [];
      if (fate === undefined && times === 0) ends.lost.push(uid);
      if (fate !== undefined && said.length === 0) ends.lost.push(uid);
      if (times > 1 + doubts) ends.twice.push(uid);
      // One that was given up as its process died is given up again by the next.
      if (said.some((code) => code !== fate)) ends.wrongLetters.push(`${uid} ${said.join(" ")}`);
    }
    return ends;
  }

  #emitOne(kind: string): void {
    const uid = `uid-${this.#kinds.size}`;
    this.#kinds.set(uid, kind);
    this.#processor.onEmit(
      logRecord(0, { eventName: kind, attributes: { "log.record.uid": uid } }),
    );
  }

  #start(): AuditLogRecordProcessor {
    return new AuditLogRecordProcessor({
      durability: this.#durability,
      journal: { dir: join(folder, "journal") },
      exporter: this.#exporter(),
      includes: () => true,
      maxQueueSize: 100,
      maxExportBatchSize: batchSize,
      scheduledDelayMillis: 1,
      retry: { initialBackoffMillis: 1, maxBackoffMillis: 4, giveUpAfter: 20 },
      deadLetters: deadLetterFile({ path: join(folder, "letters.jsonl") }),
    });
  }

  #exporter(): DeliveringExporter {
    const exporter = exporterTo(this.#receiver, { timeoutMillis: 250 });
    const underWay = this.#underWay;
    const isAlive = (): boolean => underWay === this.#underWay;
    return {
      export: exporter.export.bind(exporter),
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
      deliver: async (records, signal) => {
        if (!isAlive()) return new Promise(() => {});
        const uids = records.map(({ attributes }) => String(attributes["log.record.uid"]));
        underWay.add(uids);
        const outcome = await exporter.deliver(records, signal);
        if (!isAlive()) return new Promise(() => {});
        underWay.delete(uids);
        if (outcome.status !== "retryable") for (const uid of uids) this.#settled.add(uid);
        if (outcome.status === "retryable" && outcome.cause.why.startsWith("No answer came")) {
          this.#doubt(uids);
        }
        return outcome;
      },
    };
  }

  #doubt(uids: readonly string[]): void {
    for (const uid of uids) this.#unheard.set(uid, (this.#unheard.get(uid) ?? 0) + 1);
  }

  #letters(): Map<string, string[]> {
    const path = join(folder, "letters.jsonl");
    const letters = new Map<string, string[]>();
    if (!existsSync(path)) return letters;
    for (const { letter } of letterLines(path)) {
      const uid = String(letter?.record.attributes["log.record.uid"]);
      letters.set(uid, [...(letters.get(uid) ?? []), letter?.code ?? "no letter"]);
    }
    return letters;
  }
}

/** Those that make the sender wait for its deadline are rare, so that the test ends. */
const slow = ["202, and never done", "a hang", "a slow drip"];
const quick = [...Object.keys(moods), "a redirect"].filter((name) => !slow.includes(name));

/** Emits beside restarts at moments of chance, while the receiver plays any answer. */
async function runTrial(durability: Durability, seed: number): Promise<Ends> {
  const random = seeded(seed);
  const pick = (from: readonly string[]): string =>
    from[Math.floor(random() * from.length)] ?? "taken";
  receiver = await startMoodyReceiver(() => {
    const dice = random();
    if (dice < 0.6) return "taken";
    return pick(dice < 0.605 ? slow : quick);
  }, random);
  const kindOf = (): string => {
    const dice = random();
    if (dice < 0.002) return "invalid";
    if (dice < 0.003) return "huge";
    return dice < 0.0035 ? "poison" : "good";
  };
  const trial = new Trial(durability, receiver);
  for (let part = 0; part <= restarts; part += 1) {
    await trial.emit(events / (restarts + 1), kindOf);
    await delay(random() * 100);
    if (part < restarts) trial.restart();
  }
  await trial.recover();
  return trial.ends();
}

describe(`a receiver in any order of moods, ${events} events and ${restarts} deaths`, () => {
  it.each([1, 2])(
    "takes each event, or it is a dead letter; none twice without a doubt (seed %i)",
    { timeout: long ? 1_800_000 : 60_000 },
    async (seed) => {
      expect(await runTrial("process", seed)).toEqual({ lost: [], twice: [], wrongLetters: [] });
      for (const name of quick) expect(receiver?.played.get(name)).toBeGreaterThan(0);
      expect(receiver?.astray()).toBe(0);
    },
  );

  it("loses what a process left, where only memory kept it", async () => {
    const { lost } = await runTrial("memory", 1);
    expect(lost.length).toBeGreaterThan(0);
  });
});
