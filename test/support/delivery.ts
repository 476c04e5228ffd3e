import type { Clock } from "../../src/delivery/clock.ts";
import type {
  DeliveringExporter,
  DeliveryOutcome,
  ReadableLogRecord,
} from "../../src/telemetry/exporter.ts";

/** A clock whose timers run when the test says so, the longest jitter always. */
export interface ManualClock extends Clock {
  /** Delays of the timers that are set, in milliseconds. */
  readonly delays: number[];
  /** Runs the timers that are set now. */
  tick(): void;
}

export function createClock(): ManualClock {
  const timers = new Map<symbol, { callback: () => void; delayMillis: number }>();
  return {
    random: () => 1 - Number.EPSILON,
    schedule(callback, delayMillis) {
      const id = Symbol("timer");
      timers.set(id, { callback, delayMillis });
      return () => timers.delete(id);
    },
    get delays() {
      return [...timers.values()].map(({ delayMillis }) => Math.round(delayMillis));
    },
    tick() {
      const due = [...timers.values()];
      timers.clear();
      for (const { callback } of due) callback();
    },
  };
}

/** An exporter that keeps what it delivered, and answers each batch as it is told. */
export interface ScriptedExporter extends DeliveringExporter {
  /** Names of the events of each batch that was handed in, also of those that failed. */
  readonly batches: string[][];
  readonly closed: boolean;
}

/** Answers by `answer`, which gets the number of the attempt, from 1. */
export function createExporter(
  answer: (attempt: number) => DeliveryOutcome | Promise<DeliveryOutcome> = () => ({
    status: "delivered",
  }),
): ScriptedExporter {
  const batches: string[][] = [];
  let closed = false;
  return {
    batches,
    get closed() {
      return closed;
    },
    async deliver(records) {
      batches.push(records.map(({ eventName }) => eventName ?? ""));
      return answer(batches.length);
    },
    export: () => {
      throw new Error("a processor of ours uses deliver()");
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => {
      closed = true;
      return Promise.resolve();
    },
  };
}

/** A record of somebody else's. */
export function foreignRecord(eventName: string): ReadableLogRecord {
  return {
    hrTime: [1, 0],
    hrTimeObserved: [1, 0],
    eventName,
    attributes: {},
    resource: { attributes: {} },
    instrumentationScope: { name: "somebody" },
    droppedAttributesCount: 0,
  };
}

/** Lets everything that waits for a promise that is already settled go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
