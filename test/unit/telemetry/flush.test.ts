import { afterEach, describe, expect, it } from "vitest";
import { emitEvent } from "../../../src/capture/emit-event.ts";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import type { BatchOptions } from "../../../src/delivery/batch-options.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { getSlot, type Slot } from "../../../src/slot.ts";
import type { DeliveryOutcome, Retryable } from "../../../src/telemetry/exporter.ts";
import { flush } from "../../../src/telemetry/flush.ts";
import { whilePending } from "../../../src/telemetry/unconfirmed.ts";
import { createExporter, foreignRecord, settle } from "../../support/delivery.ts";
import { disableOtel, line3 } from "../../support/otel-lines.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

afterEach(disableOtel);

const hangs = (): Promise<DeliveryOutcome> => new Promise(() => {});

/** A processor that holds one record. */
function loaded(
  answer?: Parameters<typeof createExporter>[0],
  batch: BatchOptions = {},
): AuditLogRecordProcessor {
  const exporter = createExporter(answer);
  const processor = new AuditLogRecordProcessor({
    durability: "memory",
    exporter,
    includes: () => true,
    scheduledDelayMillis: 600_000,
    retry: { initialBackoffMillis: 5 },
    ...batch,
  });
  processor.onEmit(foreignRecord("app.order"));
  return processor;
}

const event = {
  name: "auth.sign_in",
  timeUnixMillis: 1_700_000_000_123,
  outcome: "success",
  framework: { name: "next-auth", version: "5" },
} as const;

const unavailable: Retryable = {
  status: "retryable",
  cause: new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", { message: "m", why: "w", fix: "f" }),
};

/** Fails four times, and then asks to be left alone for a moment. */
const busy = (attempt: number): DeliveryOutcome => {
  if (attempt < 5) return unavailable;
  return attempt === 5 ? { ...unavailable, retryAfterMillis: 1 } : { status: "delivered" };
};

const refusing = (): DeliveryOutcome => ({
  status: "rejected",
  records: [{ index: 0, cause: unavailable.cause }],
});

it("sends at once what waits in any processor, and says that all is confirmed", async () => {
  const processors = [loaded(), loaded()];
  expect(await flush()).toBe(true);
  expect(processors.map(({ depth }) => depth)).toEqual([0, 0]);
});

it("with nothing to send it ends at once", async () => {
  expect(await flush()).toBe(true);
});

it("a receiver that fails is tried again within the time", async () => {
  const processor = loaded((attempt) => (attempt < 3 ? unavailable : { status: "delivered" }));
  expect(await flush()).toBe(true);
  expect(processor.depth).toBe(0);
});

it.each([Infinity, 2 ** 31])("waits for its end where it may take %d ms", async (timeoutMillis) => {
  const processor = loaded((attempt) => (attempt < 3 ? unavailable : { status: "delivered" }));
  expect(await flush({ timeoutMillis })).toBe(true);
  expect(processor.depth).toBe(0);
});

it.each([Number.NaN, -Infinity, -1])(
  "does not wait where it may take %d ms",
  async (timeoutMillis) => {
    const processor = loaded(hangs);
    expect(await flush({ timeoutMillis })).toBe(false);
    expect(processor.depth).toBe(1);
  },
);

it("a receiver that hangs: the deadline holds, and the record stays", async () => {
  const processor = loaded(hangs);
  expect(await flush({ timeoutMillis: 20 })).toBe(false);
  expect(processor.depth).toBe(1);
});

it("tells first what is only counted so far", async () => {
  const processor = loaded();
  getSlot().tellers.add(() => processor.onEmit(foreignRecord("auth.request.reject")));
  expect(await flush()).toBe(true);
  expect(processor.depth).toBe(0);
});

it("a receiver that fails for long, and then says when to come back, is asked just then", async () => {
  const processor = loaded(busy);
  expect(await flush()).toBe(true);
  expect(processor.depth).toBe(0);
});

it("a collector beside the audit log that is down does not make it false", async () => {
  line3.logs.setGlobalLoggerProvider({ forceFlush: hangs, shutdown: hangs } as never);
  const processor = loaded();
  expect(await flush({ timeoutMillis: 50 })).toBe(true);
  expect(processor.depth).toBe(0);
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_PROVIDER_NOT_FLUSHED"]);
});

describe("an event that is lost, or refused", () => {
  it("by the receiver makes it false, and the next one speaks of what happened since", async () => {
    let up = false;
    const processor = loaded(() => (up ? { status: "delivered" } : refusing()));
    expect(await flush()).toBe(false);
    up = true;
    processor.onEmit(foreignRecord("app.order"));
    expect(await flush()).toBe(true);
  });

  it("by one of several receivers makes it false", async () => {
    loaded();
    loaded(refusing);
    expect(await flush()).toBe(false);
  });

  it("before anybody asked makes the next one false, and is no matter of the one after it", async () => {
    const processor = loaded(refusing);
    await processor.forceFlush();
    expect(processor.depth).toBe(0);
    expect(await flush()).toBe(false);
    expect(await flush()).toBe(true);
  });

  it("since the queue is full makes it false, although all that is in it arrives", async () => {
    const gate = Promise.withResolvers<DeliveryOutcome>();
    const processor = loaded(() => gate.promise, { maxQueueSize: 1 });
    processor.onEmit(foreignRecord("app.order"));
    gate.resolve({ status: "delivered" });
    expect(await flush()).toBe(false);
    expect(processor.depth).toBe(0);
  });

  it("since nothing takes it makes it false", async () => {
    getSlot().sink = undefined;
    emitEvent(event);
    expect(await flush()).toBe(false);
  });

  it("since it could not be put together makes it false", async () => {
    getSlot().capture = {
      ...({} as NonNullable<Slot["capture"]>),
      tell() {
        throw new Error("the app's own");
      },
    };
    emitEvent(event);
    expect(watched.names()).toEqual([]);
    expect(await flush()).toBe(false);
  });

  it("after the shutdown makes it false", async () => {
    const processor = loaded();
    await processor.shutdown();
    expect(await flush()).toBe(true);
    processor.onEmit(foreignRecord("app.order"));
    expect(await flush()).toBe(false);
  });

  it("is reported by all that wait at that time, and by none after them", async () => {
    const gate = Promise.withResolvers<DeliveryOutcome>();
    loaded((attempt) => (attempt === 1 ? gate.promise : { status: "delivered" }));
    const first = flush();
    const second = flush();
    gate.resolve(refusing());
    expect(await Promise.all([first, second])).toEqual([false, false]);
    expect(await flush()).toBe(true);
  });

  it("and happened after the call is a matter of the next one", async () => {
    const gate = Promise.withResolvers<DeliveryOutcome>();
    loaded(() => gate.promise);
    const first = flush();
    await settle();
    getSlot().sink = undefined;
    emitEvent(event);
    gate.resolve({ status: "delivered" });
    expect(await first).toBe(true);
    expect(await flush()).toBe(false);
    expect(await flush()).toBe(true);
  });
});

describe("an event that is still being put together", () => {
  it("is waited for, and then for its delivery", async () => {
    const processor = loaded();
    const made = Promise.withResolvers<void>();
    void whilePending(made.promise.then(() => processor.onEmit(foreignRecord("app.later"))));
    const flushed = flush();
    await settle();
    made.resolve();
    expect(await flushed).toBe(true);
    expect(processor.depth).toBe(0);
  });

  it("and never is makes it false, by its deadline", async () => {
    void whilePending(hangs());
    expect(await flush({ timeoutMillis: 20 })).toBe(false);
  });

  it("and fails is lost, and holds up nobody", async () => {
    void whilePending(Promise.reject(new Error("no")));
    expect([await flush(), await flush()]).toEqual([false, true]);
  });
});

it("the app's own provider is flushed too, and a failure of it is its own", async () => {
  let flushed = 0;
  line3.logs.setGlobalLoggerProvider({
    forceFlush() {
      flushed += 1;
      return Promise.reject(new Error("the collector is down"));
    },
    shutdown: () => Promise.resolve(),
  });
  expect(await flush()).toBe(true);
  expect(flushed).toBe(1);
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_PROVIDER_NOT_FLUSHED"]);
});

it("a shutdown whose receiver hangs ends by its deadline, says what is left, and is flushed no more after a flush said so", async () => {
  const processor = loaded(hangs);
  await processor.shutdown({ timeoutMillis: 20 });
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_SHUTDOWN_INCOMPLETE"]);
  expect(await flush()).toBe(false);
  expect(await flush()).toBe(true);
});

it("a forceFlush whose receiver hangs ends by its deadline", async () => {
  const processor = loaded(hangs);
  await processor.forceFlush({ timeoutMillis: 20 });
  expect(processor.depth).toBe(1);
});
