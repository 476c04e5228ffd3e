import { setTimeout as delay } from "node:timers/promises";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import { type Clock, systemClock } from "../../../src/delivery/clock.ts";
import { PangeaLogRecordExporter } from "../../../src/pangea/pangea-log-record-exporter.ts";
import { type AuthLogRecord, getSlot } from "../../../src/slot.ts";

/** What a sender is told to do. */
export interface ClockOrder {
  url: string;
  dir: string;
  /** How far the clock jumps, in milliseconds. */
  jumpMillis: number;
  /** Whether its timers go by the clock on the wall, as ours do not. */
  byWallClock: boolean;
}

/** What it measured. */
export interface ClockFigures {
  /** How often each diagnostic was shown. */
  shown: Record<string, number>;
  /** The longest time that a sign-in was held up, in milliseconds. */
  longestMillis: number;
}

/**
 * Emits before and after a jump of its clock: into a journal, behind a dead process whose journal it
 * takes over, and into a memory that is full. It stays until its parent ends it.
 */
const order = JSON.parse(process.argv[2] ?? "{}") as ClockOrder;

const RealDate = Date;
let offMillis = 0;
/** The clock of this process alone. */
globalThis.Date = class extends RealDate {
  constructor(...args: [] | [number | string]) {
    if (args.length === 0) super(RealDate.now() + offMillis);
    else super(...args);
  }
  static override now(): number {
    return RealDate.now() + offMillis;
  }
} as DateConstructor;

/** Timers that look at the date: what a jump does to them is what must not happen. */
const wallClock: Clock = {
  random: Math.random,
  schedule(callback, delayMillis) {
    const until = Date.now() + delayMillis;
    const timer = setInterval(() => {
      if (Date.now() < until) return;
      clearInterval(timer);
      callback();
    }, 5);
    return () => clearInterval(timer);
  },
};

const shown: Record<string, number> = {};
getSlot().onDiagnostic = ({ code }) => {
  shown[code] = (shown[code] ?? 0) + 1;
};

const clock = order.byWallClock ? wallClock : systemClock;
const exporter = new PangeaLogRecordExporter({ token: "pts_test", baseUrlTemplate: order.url });
const tuning = { adoptionMillis: 200 };
const journal = { dir: order.dir };
const open = (maxQueueSize: number, durability: "disk" | "memory"): AuditLogRecordProcessor =>
  new AuditLogRecordProcessor(
    { exporter, durability, journal, maxQueueSize, scheduledDelayMillis: 200 },
    { clock, tuning },
  );

let longestMillis = 0;
async function signIn(processor: AuditLogRecordProcessor, uid: string): Promise<void> {
  const start = performance.now();
  processor.take(recordOf(uid));
  await processor.onDisk(10_000);
  longestMillis = Math.max(longestMillis, performance.now() - start);
}

function recordOf(uid: string): AuthLogRecord {
  return {
    eventName: "auth.sign_in",
    timeUnixMillis: Date.now(),
    severityNumber: 9,
    severityText: "INFO",
    body: "alice signed in",
    attributes: { "log.record.uid": uid, "user.id": "alice", "auth.outcome": "success" },
  };
}

const durable = open(100, "disk");
await signIn(durable, "before");
while (durable.depth > 0) await delay(5);
// Its timer is set before the jump, and runs out behind it.
await signIn(durable, "across");
await new Promise<void>((resolve) => {
  process.once("message", () => resolve());
  process.send?.("ready");
});
offMillis = order.jumpMillis;

const dying = new AuditLogRecordProcessor(
  { exporter, journal, scheduledDelayMillis: 600_000 },
  { clock },
);
await signIn(dying, "adopted");
dying.end();
for (let n = 0; n < 3; n += 1) await signIn(durable, `after-${n}`);
const small = open(2, "memory");
for (let n = 0; n < 5; n += 1) await signIn(small, `small-${n}`);
process.on("message", () => {
  const figures: ClockFigures = { shown, longestMillis };
  process.send?.(figures);
});
