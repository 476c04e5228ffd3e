import { setImmediate as turn } from "node:timers/promises";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import type { Durability } from "../../../src/delivery/journal/journal-options.ts";
import { PangeaLogRecordExporter } from "../../../src/pangea/pangea-log-record-exporter.ts";
import type { AuthLogRecord } from "../../../src/slot.ts";
import { seeded } from "../../support/random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

/** What a sender is told to do. */
export interface OutageOrder {
  url: string;
  dir: string;
  durability: Durability;
  /** Emitted during the outage. */
  events: number;
  seed: number;
}

/** What it measured. RSS in bytes, with the heap settled. */
export interface OutageFigures {
  rssBefore: number;
  rssDuring: number;
  rssAfter: number;
  /** From the receiver's first answer to the last, by the clock and by the processor's time. */
  eventsPerSecond: number;
  eventsPerCpuSecond: number;
  emitMicros: number;
  dropped: number;
  depth: number;
  /** Requests of the outage. */
  attempts: number;
}

/**
 * Emits for an hour of simulated time while the receiver is down, then has it up again, and delivers
 * the rest in real time. It tells its parent when to switch the receiver.
 */
const outageMillis = 3_600_000;
const stepMillis = 1000;
const warmUp = 150_000;

const order = JSON.parse(process.argv[2] ?? "{}") as OutageOrder;
const clock = new SimulatedClock(seeded(order.seed));
const inner = new PangeaLogRecordExporter({ token: "pts_test", baseUrlTemplate: order.url });
let underWay = 0;
let attempts = 0;
let delivered = 0;
const processor = new AuditLogRecordProcessor(
  {
    exporter: {
      export: inner.export.bind(inner),
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
      async deliver(records, signal) {
        attempts += 1;
        underWay += 1;
        try {
          const outcome = await inner.deliver(records, signal);
          if (outcome.status === "delivered") delivered += records.length;
          return outcome;
        } finally {
          underWay -= 1;
        }
      },
    },
    durability: order.durability,
    journal: { dir: order.dir, maxBytes: 4 * 1024 ** 3 },
  },
  { clock },
);

let emitted = 0;
function emit(count: number): void {
  for (let n = 0; n < count; n += 1) {
    emitted += 1;
    processor.take(signIn(emitted));
  }
}

/** As much as a sign-in has in it. */
function signIn(n: number): AuthLogRecord {
  return {
    eventName: "auth.sign_in",
    timeUnixMillis: 1_767_225_600_000 + n,
    severityNumber: 9,
    severityText: "INFO",
    body: `user-${n} signed in with credentials`,
    attributes: {
      "log.record.uid": `event-${n}`,
      "authlog.producer.id": "01890a5d-ac96-774b-bcce-b302099a8057",
      "authlog.sequence": n,
      "auth.outcome": "success",
      "user.id": `user-${n}`,
      "user.email": `user-${n}@example.com`,
      "auth.provider": "credentials",
      "client.address": "192.0.2.1",
      "http.request.method": "POST",
      "url.path": "/api/auth/callback/credentials",
      "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0",
    },
  };
}

/** Lets attempts end, and time go on, until so many are delivered, or nothing is owed. */
async function drain(goal: number): Promise<void> {
  for (;;) {
    if (delivered >= goal || processor.depth === 0) return;
    await turn();
    if (underWay === 0) clock.advanceTo(clock.nextMillis ?? clock.nowMillis);
  }
}

async function settledRss(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await turn();
  }
  return process.memoryUsage.rss();
}

async function tellParent(message: string): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once("message", () => resolve());
    process.send?.(message);
  });
}

// Three backlogs, so that the heap has the size that a process under load has, before it counts: V8
// keeps the memory of its busiest moment. After a fifth of them it still grew, by up to 96 MB.
for (let n = 0; n < 3; n += 1) {
  emit(warmUp / 3);
  await drain(emitted);
}
const rssBefore = await settledRss();
await tellParent("down");
attempts = 0;
let rssDuring = 0;
let emitMillis = 0;
const began = clock.nowMillis;
const steps = outageMillis / stepMillis;
for (let step = 1; step <= steps; step += 1) {
  const share = Math.floor((order.events * step) / steps) - (emitted - warmUp);
  const start = performance.now();
  emit(share);
  emitMillis += performance.now() - start;
  for (;;) {
    await turn();
    if (underWay > 0) continue;
    const next = Math.min(clock.nextMillis ?? Infinity, began + step * stepMillis);
    clock.advanceTo(next);
    if (underWay === 0 && next === began + step * stepMillis) break;
  }
  if (step % 300 === 0) rssDuring = Math.max(rssDuring, await settledRss());
}
const during = attempts;
await tellParent("up");
await drain(delivered + 1);
clock.goLive();
const start = performance.now();
const cpuBefore = process.cpuUsage();
const first = delivered;
while (processor.depth > 0) await processor.forceFlush({ timeoutMillis: 60_000 });
const cpu = process.cpuUsage(cpuBefore);
const seconds = (performance.now() - start) / 1000;
const figures: OutageFigures = {
  rssBefore,
  rssDuring,
  rssAfter: await settledRss(),
  eventsPerSecond: (delivered - first) / seconds,
  eventsPerCpuSecond: ((delivered - first) * 1e6) / (cpu.user + cpu.system),
  emitMicros: (emitMillis * 1000) / order.events,
  dropped: processor.dropped,
  depth: processor.depth,
  attempts: during,
};
await processor.shutdown();
process.send?.(figures);
process.disconnect();
