import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { AuthlogError } from "../../src/errors.ts";
import type { DeliveryOutcome } from "../../src/telemetry/exporter.ts";
import { createExporter, foreignRecord } from "../support/delivery.ts";
import { seeded } from "../support/random.ts";
import { SimulatedClock } from "../support/simulated-clock.ts";
import { watchSlot } from "../support/slot.ts";
import { sufferOutage } from "./support/outage.ts";
import { tellFigures } from "./support/tell-figures.ts";

watchSlot();

const long = process.env.TEST_AUTHLOG_LONG === "1";
const events = long ? 1_000_000 : 50_000;
/** What the sender emits and delivers before the outage. */
const warmUp = 150_000;
const megabyte = 1024 ** 2;

describe(`a receiver that is down for an hour, with ${events} events waiting`, () => {
  it("has all of them in the end, and the sender holds them on the disk, not in memory", async () => {
    const { figures, receipt } = await sufferOutage({ durability: "process", events, seed: 1 });
    tellFigures(`An hour without a receiver, ${events} events`, { ...figures, ...receipt });
    expect(receipt).toMatchObject({ found: warmUp + events, twice: 0 });
    expect(figures).toMatchObject({ dropped: 0, depth: 0 });
    expect((figures.rssDuring - figures.rssBefore) / megabyte).toBeLessThan(64);
    expect((figures.rssAfter - figures.rssBefore) / megabyte).toBeLessThan(64);
  });

  it("lacks most of them where nothing but memory keeps them", async () => {
    const { figures, receipt } = await sufferOutage({
      durability: "memory",
      events: 20_000,
      seed: 1,
    });
    expect(figures.dropped).toBeGreaterThan(0);
    expect(receipt.found).toBeLessThan(warmUp + 20_000);
    // What is not there is told.
    expect(receipt.found + figures.dropped).toBe(warmUp + 20_000);
  });
});

const hourMillis = 3_600_000;
const secondMillis = 1000;

interface Asked {
  sender: number;
  atMillis: number;
  /** How many batches the sender has under way, this one included. */
  underWay: number;
}

/** Several senders with a backlog, an hour without their receiver, and two minutes with it. */
async function ask(
  senders: number,
  maxBackoffMillis: number,
  random: (sender: number) => () => number,
): Promise<Asked[]> {
  const asked: Asked[] = [];
  const clocks = Array.from({ length: senders }, (_, n) => new SimulatedClock(random(n)));
  const processors = clocks.map((clock, sender) => {
    let underWay = 0;
    const exporter = createExporter(async (): Promise<DeliveryOutcome> => {
      underWay += 1;
      asked.push({ sender, atMillis: clock.nowMillis, underWay });
      const up = clock.nowMillis >= hourMillis;
      await new Promise<void>((resolve) => clock.schedule(resolve, up ? 40 : 1));
      underWay -= 1;
      return up ? { status: "delivered" } : { status: "retryable", cause: down() };
    });
    return new AuditLogRecordProcessor(
      { exporter, includes: () => true, durability: "memory", retry: { maxBackoffMillis } },
      { clock },
    );
  });
  for (const processor of processors) {
    for (let n = 0; n < 2000; n += 1) processor.onEmit(foreignRecord("waits"));
  }
  for (;;) {
    await turn();
    const next = Math.min(...clocks.map(({ nextMillis = Infinity }) => nextMillis));
    if (next > hourMillis + 120 * secondMillis) break;
    for (const clock of clocks) clock.advanceTo(next);
  }
  expect(processors.map(({ depth }) => depth)).toEqual(processors.map(() => 0));
  return asked;
}

function down(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", { message: "m", why: "w", fix: "f" });
}

/** The most requests in one second from the end of the outage on. */
function busiestSecond(asked: readonly Asked[]): number {
  const times = asked.map(({ atMillis }) => atMillis).filter((at) => at >= hourMillis);
  return Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + secondMillis).length),
  );
}

/** The first requests of each sender once the receiver is back. */
function probesOf(asked: readonly Asked[], senders: number): Asked[] {
  return Array.from({ length: senders }, (_, n) =>
    asked.find(({ sender, atMillis }) => sender === n && atMillis >= hourMillis),
  ).filter((probe) => probe !== undefined);
}

describe("a receiver that comes back after an hour", () => {
  it.each([1, 8])(
    "is asked by one batch of each of %i senders, each at its own time",
    async (n) => {
      const seed = 7;
      const asked = await ask(n, 60_000, (sender) => seeded(seed + sender));
      const during = asked.filter(({ atMillis }) => atMillis < hourMillis);
      const probes = probesOf(asked, n);
      tellFigures(`An hour without a receiver, ${n} sender(s), seed ${seed}`, {
        requestsDuring: during.length,
        backAfterMillis: probes.map(({ atMillis }) => Math.round(atMillis - hourMillis)),
        mostRequestsInASecondThen: busiestSecond(asked),
      });
      // Pauses of 30 s on average, once they have grown.
      expect(during.length / n).toBeLessThan(150);
      const afterFirst = during.filter(({ atMillis }) => atMillis > 60 * secondMillis);
      expect(Math.max(...afterFirst.map(({ underWay }) => underWay))).toBe(1);
      expect(probes.map(({ underWay }) => underWay)).toEqual(probes.map(() => 1));
      expect(probes).toHaveLength(n);
      // A record to probe with, and four batches: most senders are served before the next one comes.
      expect(busiestSecond(asked)).toBeLessThanOrEqual(3 * 4);
    },
  );

  it("would be asked far more often without pauses that grow", async () => {
    const asked = await ask(1, secondMillis, () => seeded(1));
    expect(asked.length).toBeGreaterThan(5000);
  });

  it("would be asked by all senders at once without chance in their pauses", async () => {
    const asked = await ask(8, 60_000, () => () => 1 - Number.EPSILON);
    // One record of a batch, the rest of it, and three batches more.
    expect(busiestSecond(asked)).toBe(8 * 5);
  });
});
