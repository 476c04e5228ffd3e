import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { deadLetterFile } from "../../src/delivery/dead-letter.ts";
import { letterLines } from "../../src/delivery/letter-lines.ts";
import { loadBulkCall } from "../../src/pangea/request.ts";
import type { DeliveryOutcome } from "../../src/telemetry/exporter.ts";
import { seeded } from "../support/random.ts";
import { watchSlot } from "../support/slot.ts";
import { fates, type MoodyReceiver, moods, startMoodyReceiver } from "./moody-receiver.ts";
import { exporterTo } from "./pangea-harness.ts";
import { logRecord } from "./pangea-records.ts";

watchSlot();

const long = process.env.TEST_AUTHLOG_LONG === "1";
const batches = long ? 10_000 : 500;
const batchSize = 8;

let folder: string;
let receiver: MoodyReceiver | undefined;
beforeAll(async () => {
  await loadBulkCall();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-moody-"));
});
afterEach(async () => {
  await receiver?.close();
  rmSync(folder, { recursive: true });
});

/** What was emitted, and what became of it. */
interface Trial {
  kinds: ReadonlyMap<string, string>;
  letters: { code: string; uid: string }[];
  /** How often a sender had no answer for an event, whatever the receiver was about to say. */
  unheard: ReadonlyMap<string, number>;
}

/** Emits so many batches of records, and waits until all of them are settled. */
async function deliverAll(
  { url }: MoodyReceiver,
  count: number,
  kindOf: (n: number) => string,
  timeoutMillis: number,
): Promise<Trial> {
  const path = join(folder, "letters.jsonl");
  const kinds = new Map<string, string>();
  const unheard = new Map<string, number>();
  const exporter = exporterTo({ url }, { timeoutMillis });
  const processor = new AuditLogRecordProcessor({
    durability: "memory",
    exporter: {
      export: exporter.export.bind(exporter),
      forceFlush: exporter.forceFlush.bind(exporter),
      shutdown: exporter.shutdown.bind(exporter),
      async deliver(records, signal): Promise<DeliveryOutcome> {
        const outcome = await exporter.deliver(records, signal);
        // A machine that is busy makes silences of its own.
        if (outcome.status === "retryable" && outcome.cause.why.startsWith("No answer came")) {
          for (const { attributes } of records) {
            const uid = String(attributes["log.record.uid"]);
            unheard.set(uid, (unheard.get(uid) ?? 0) + 1);
          }
        }
        return outcome;
      },
    },
    includes: () => true,
    maxQueueSize: 100_000,
    maxExportBatchSize: batchSize,
    scheduledDelayMillis: 1,
    retry: { initialBackoffMillis: 1, maxBackoffMillis: 4, giveUpAfter: 20 },
    deadLetters: deadLetterFile({ path }),
  });
  for (let n = 0; n < count * batchSize; n += 1) {
    const kind = kindOf(n);
    const record = logRecord(n, { eventName: kind });
    kinds.set(`uid-${n}`, kind);
    processor.onEmit(record);
    while (processor.depth > 100 * batchSize) await delay(1);
  }
  // What stands alone at the end is given up only if the receiver takes something else beside it.
  for (let extra = 0; processor.depth > 0; extra += 1) {
    const uid = `extra-${extra}`;
    kinds.set(uid, "good");
    processor.onEmit(logRecord(0, { eventName: "good", attributes: { "log.record.uid": uid } }));
    await processor.forceFlush();
    await delay(1);
    if (processor.depth === 0) break;
  }
  await processor.shutdown();
  const lines = existsSync(path) ? [...letterLines(path)] : [];
  const letters = lines.map(({ letter }) => ({
    code: letter?.code ?? "",
    uid: String(letter?.record.attributes["log.record.uid"]),
  }));
  return { kinds, letters, unheard };
}

/** Asserts that every event ended once, and where it should. */
function expectOneEnd({ kinds, letters, unheard }: Trial, { taken, open }: MoodyReceiver): void {
  const lost: string[] = [];
  const twice: string[] = [];
  for (const [uid, kind] of kinds) {
    const times = taken.get(uid) ?? 0;
    const doubts = (open.get(uid) ?? 0) + (unheard.get(uid) ?? 0);
    if (kind === "good" && times === 0) lost.push(uid);
    if (times > 1 + doubts) twice.push(uid);
  }
  expect({ lost, twice }).toEqual({ lost: [], twice: [] });
  const expected = [...kinds].flatMap(([uid, kind]) => {
    const code = fates[kind];
    return code === undefined ? [] : [`${uid} ${code}`];
  });
  expect(letters.map(({ uid, code }) => `${uid} ${code}`).toSorted()).toEqual(expected.toSorted());
}

describe("a receiver that gives one kind of answer, and then takes what it is sent", () => {
  it.each([...Object.keys(moods), "a redirect"])("%s", async (name) => {
    let left = 3;
    receiver = await startMoodyReceiver(() => (left-- > 0 ? name : "taken"), seeded(1));
    const trial = await deliverAll(receiver, 5, () => "good", 400);
    expectOneEnd(trial, receiver);
    expect(receiver.played.get(name)).toBeGreaterThanOrEqual(3);
    expect(receiver.astray()).toBe(0);
  });
});

describe(`a receiver that answers ${batches} batches in any order of moods`, () => {
  it.each([1, 2])("seed %i", { timeout: long ? 1_800_000 : 60_000 }, async (seed) => {
    const random = seeded(seed);
    // Those that make the sender wait for its deadline are rare, so that the test ends.
    const slow = new Set([
      "202, and never done",
      "202, and done when the sender has ceased to wait",
      "a hang",
      "a slow drip",
    ]);
    const names = [...Object.keys(moods), "a redirect"].filter((name) => !slow.has(name));
    const mood = (): string => {
      const dice = random();
      const pick = (from: readonly string[]): string =>
        from[Math.floor(random() * from.length)] ?? "taken";
      if (dice < 0.6) return "taken";
      return pick(dice < 0.605 ? [...slow] : names);
    };
    const kindOf = (): string => {
      const dice = random();
      if (dice < 0.002) return "invalid";
      if (dice < 0.003) return "huge";
      return dice < 0.0035 ? "poison" : "good";
    };
    receiver = await startMoodyReceiver(mood, random);
    const trial = await deliverAll(receiver, batches, kindOf, 250);
    expectOneEnd(trial, receiver);
    expect(receiver.astray()).toBe(0);
    for (const name of names) expect(receiver.played.get(name)).toBeGreaterThan(0);
  });
});
