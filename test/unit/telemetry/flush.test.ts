import { afterEach, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { getSlot } from "../../../src/slot.ts";
import type { DeliveryOutcome } from "../../../src/telemetry/exporter.ts";
import { flush } from "../../../src/telemetry/flush.ts";
import { createExporter, foreignRecord } from "../../support/delivery.ts";
import { disableOtel, line3 } from "../../support/otel-lines.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

afterEach(disableOtel);

const hangs = (): Promise<DeliveryOutcome> => new Promise(() => {});

/** A processor that holds one record. */
function loaded(answer?: Parameters<typeof createExporter>[0]): AuditLogRecordProcessor {
  const exporter = createExporter(answer);
  const processor = new AuditLogRecordProcessor({
    durability: "memory",
    exporter,
    includes: () => true,
    scheduledDelayMillis: 600_000,
    retry: { initialBackoffMillis: 5 },
  });
  processor.onEmit(foreignRecord("app.order"));
  return processor;
}

const unavailable: DeliveryOutcome = {
  status: "retryable",
  cause: new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", { message: "m", why: "w", fix: "f" }),
};

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
});

it("a shutdown whose receiver hangs ends by its deadline, says what is left, and is flushed no more", async () => {
  const processor = loaded(hangs);
  await processor.shutdown({ timeoutMillis: 20 });
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_SHUTDOWN_INCOMPLETE"]);
  expect(await flush()).toBe(true);
});

it("a forceFlush whose receiver hangs ends by its deadline", async () => {
  const processor = loaded(hangs);
  await processor.forceFlush({ timeoutMillis: 20 });
  expect(processor.depth).toBe(1);
});
