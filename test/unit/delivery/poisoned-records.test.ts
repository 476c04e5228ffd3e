import { describe, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import type { AuditLogRecordProcessorOptions } from "../../../src/delivery/processor-options.ts";
import { AuthlogError, type AuthlogErrorCode } from "../../../src/errors.ts";
import type { DeliveryOutcome } from "../../../src/telemetry/exporter.ts";
import { createExporter, foreignRecord, settle } from "../../support/delivery.ts";
import { journalFolder } from "../../support/journal.ts";
import { seeded } from "../../support/random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { watchSlot } from "../../support/slot.ts";

watchSlot();

const hourMillis = 3_600_000;

function failure(code: AuthlogErrorCode = "ERR_AUTHLOG_DELIVERY_RETRYABLE"): DeliveryOutcome {
  const cause = new AuthlogError(code, { message: "m", why: "w", fix: "f" });
  return { status: "retryable", cause };
}

/** A processor, and a receiver that answers as it is told. */
class Delivery {
  readonly clock = new SimulatedClock(seeded(3));
  readonly delivered: string[] = [];
  readonly dead: string[] = [];
  readonly processor: AuditLogRecordProcessor;
  attempts = 0;

  constructor(
    answer: (names: readonly string[], atMillis: number) => DeliveryOutcome | undefined,
    options: Omit<AuditLogRecordProcessorOptions, "exporter"> = {},
  ) {
    const exporter = createExporter();
    exporter.deliver = (records) => {
      const names = records.map(({ eventName }) => eventName ?? "");
      this.attempts += 1;
      const outcome = answer(names, this.clock.nowMillis);
      if (outcome === undefined) this.delivered.push(...names);
      return Promise.resolve(outcome ?? { status: "delivered" });
    };
    this.processor = new AuditLogRecordProcessor(
      {
        includes: () => true,
        journal: { dir: journalFolder() },
        deadLetters: {
          write: (letters) => {
            this.dead.push(...letters.map(({ record }) => record.eventName ?? ""));
            return [];
          },
        },
        ...options,
        exporter,
      },
      { clock: this.clock },
    );
  }

  emit(names: readonly string[]): void {
    for (const name of names) this.processor.onEmit(foreignRecord(name));
  }

  /** Lets time pass; what is done without a timer ends before it goes on. */
  async pass(millis: number, each?: { everyMillis: number; run: () => void }): Promise<void> {
    const until = this.clock.nowMillis + millis;
    let atMillis = this.clock.nowMillis;
    while (this.clock.nowMillis < until) {
      for (let attempts = -1; attempts !== this.attempts;) {
        attempts = this.attempts;
        await settle();
      }
      if (each !== undefined && atMillis <= this.clock.nowMillis) {
        atMillis += each.everyMillis;
        each.run();
      } else {
        const next = Math.min(this.clock.nextMillis ?? until, until);
        this.clock.advanceTo(each === undefined ? next : Math.min(next, atMillis));
      }
    }
    await settle();
  }
}

/** Names of events, the poisoned ones among them at the places that are told. */
const eventNames = (count: number, poisoned: readonly number[]): string[] =>
  Array.from({ length: count }, (_, n) => `${poisoned.includes(n) ? "poison" : "event"}-${n}`);

const isPoisoned = (name: string): boolean => name.startsWith("poison");

const failOver = (outcome: DeliveryOutcome) => (names: readonly string[]) =>
  names.some(isPoisoned) ? outcome : undefined;

describe("poisoned records hold up no others", () => {
  const inEachBatch = [10, 600, 1100, 1600];
  const small = { maxQueueSize: 512, maxExportBatchSize: 512 };

  it.each([
    ["in each batch that the memory holds", 10_000, inEachBatch, {}],
    ["where one batch fills the memory", 3000, [10], small],
    ["in a process that has nothing else to send", 10, [3], {}],
    ["at `memory`", 2048, inEachBatch, { durability: "memory" }],
  ] as const)("%s", async (_, count, poisoned, options) => {
    for (const code of ["RETRYABLE", "UNAUTHORIZED", "MISCONFIGURED"] as const) {
      const answer = failOver(failure(`ERR_AUTHLOG_DELIVERY_${code}`));
      const delivery = new Delivery(answer, options);
      delivery.emit(eventNames(count, poisoned));
      await delivery.pass(hourMillis);
      expect(delivery.delivered).toHaveLength(count - poisoned.length);
      expect(new Set(delivery.delivered).size).toBe(delivery.delivered.length);
      delivery.processor.end();
    }
  });

  it("and are dead letters once enough others were taken", async () => {
    const delivery = new Delivery(failOver(failure("ERR_AUTHLOG_DELIVERY_UNAUTHORIZED")));
    delivery.emit(eventNames(100, [3]));
    let n = 0;
    const run = (): void => delivery.emit([`later-${(n += 1)}`]);
    await delivery.pass(hourMillis, { everyMillis: 60_000, run });
    expect(delivery.dead).toEqual(["poison-3"]);
    expect(delivery.delivered).toHaveLength(99 + n);
    delivery.processor.end();
  });

  it("also where the receiver fails now and then whatever it is sent", async () => {
    const coin = seeded(5);
    const poisoned = failOver(failure());
    const answer = (names: readonly string[]): DeliveryOutcome | undefined =>
      coin() < 0.1 ? failure() : poisoned(names);
    const delivery = new Delivery(answer);
    delivery.emit(eventNames(512, [10]));
    let n = 0;
    const run = (): void => delivery.emit([`later-${(n += 1)}`]);
    await delivery.pass(hourMillis / 2, { everyMillis: 1000, run });
    await delivery.pass(hourMillis);
    expect(delivery.dead).toEqual(["poison-10"]);
    expect(delivery.delivered).toHaveLength(511 + n);
    delivery.processor.end();
  });

  it("even where somebody has them made faster than they can be given up", async () => {
    const queue = { maxQueueSize: 64, maxExportBatchSize: 16 };
    const delivery = new Delivery(failOver(failure()), queue);
    let n = 0;
    const run = (): void => {
      const names = Array.from(
        { length: 4 },
        () => `${(n += 1) % 5 === 0 ? "poison" : "event"}-${n}`,
      );
      delivery.emit(names);
    };
    await delivery.pass(hourMillis / 2, { everyMillis: 1000, run });
    await delivery.pass(2 * hourMillis);
    expect(delivery.delivered).toHaveLength(n * 0.8);
    expect(delivery.dead.every(isPoisoned)).toBe(true);
    expect(delivery.processor.depth + delivery.dead.length).toBe(n * 0.2);
    delivery.processor.end();
  });
});

describe("a receiver that fails whatever it is sent", () => {
  const brownoutMillis = 600_000;

  it.each([0.5, 0.9, 0.95])(
    "a share of %f of all attempts has no event given up",
    async (share) => {
      const coin = seeded(11);
      const brownout = (_: readonly string[], atMillis: number): DeliveryOutcome | undefined =>
        atMillis < brownoutMillis && coin() < share ? failure() : undefined;
      for (const isUrgent of [false, true]) {
        const delivery = new Delivery(brownout, { durability: "memory", maxQueueSize: 1200 });
        let n = 0;
        const run = (): void => {
          delivery.emit([`event-${(n += 1)}`]);
          if (isUrgent) void delivery.processor.settle({ timeoutMillis: 1, urgent: true });
        };
        await delivery.pass(brownoutMillis, { everyMillis: 1000, run });
        await delivery.pass(hourMillis);
        expect(delivery.dead).toEqual([]);
        expect(delivery.delivered).toHaveLength(n);
        delivery.processor.end();
      }
    },
  );

  it("is asked by few, also where many were under suspicion before", async () => {
    let isDown = false;
    const poisoned = failOver(failure());
    const delivery = new Delivery((names) => (isDown ? failure() : poisoned(names)), {
      maxExportBatchSize: 64,
    });
    delivery.emit(eventNames(64, [...Array(64).keys()]));
    const run = (): void => delivery.emit(["event"]);
    await delivery.pass(hourMillis / 4, { everyMillis: 1500, run });
    const { attempts } = delivery;
    isDown = true;
    await delivery.pass(hourMillis);
    expect(attempts).toBeGreaterThan(150);
    expect(delivery.attempts - attempts).toBeLessThan(300);
    delivery.processor.end();
  });
});
