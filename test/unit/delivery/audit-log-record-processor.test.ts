import { describe, expect, it } from "vitest";
import {
  AuditLogRecordProcessor,
  type AuditLogRecordProcessorOptions,
} from "../../../src/delivery/audit-log-record-processor.ts";
import { AuthlogError } from "../../../src/errors.ts";
import type { DeliveryOutcome } from "../../../src/telemetry/exporter.ts";
import {
  createClock,
  createExporter,
  foreignRecord,
  type ManualClock,
  type ScriptedExporter,
  settle,
} from "../../support/delivery.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

const retryable: DeliveryOutcome = {
  status: "retryable",
  cause: new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", { message: "m", why: "w", fix: "f" }),
};

/** A processor that audits every record, beside its clock. */
function create(
  exporter: ScriptedExporter,
  options: Omit<AuditLogRecordProcessorOptions, "exporter"> = {},
): { processor: AuditLogRecordProcessor; clock: ManualClock } {
  const clock = createClock();
  const processor = new AuditLogRecordProcessor(
    { includes: () => true, ...options, exporter },
    clock,
  );
  return { processor, clock };
}

const emitAll = (processor: AuditLogRecordProcessor, names: readonly string[]): void => {
  for (const name of names) processor.onEmit(foreignRecord(name));
};

const codes = (): string[] => watched.diagnostics.map(({ code }) => code);

describe("batches", () => {
  it("a record waits for others as long as the delay says, then goes with them", async () => {
    const exporter = createExporter();
    const { processor, clock } = create(exporter, { scheduledDelayMillis: 250 });
    emitAll(processor, ["a", "b"]);
    expect(clock.delays).toEqual([250]);
    expect(exporter.batches).toEqual([]);
    clock.tick();
    await settle();
    expect(exporter.batches).toEqual([["a", "b"]]);
    expect(processor.depth).toBe(0);
  });

  it("a full batch goes at once, and what is left of a burst waits for the delay", async () => {
    const exporter = createExporter();
    const { processor, clock } = create(exporter, { maxExportBatchSize: 2 });
    emitAll(processor, ["a", "b", "c", "d", "e"]);
    await settle();
    expect(exporter.batches).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    clock.tick();
    await settle();
    expect(exporter.batches.at(-1)).toEqual(["e"]);
  });

  it("emitting never waits for the exporter", () => {
    const { processor } = create(
      createExporter(() => new Promise(() => {})),
      {
        maxExportBatchSize: 1,
      },
    );
    emitAll(processor, ["a", "b"]);
    expect(processor.depth).toBe(2);
  });

  it("records of other scopes are left alone unless they are asked for", async () => {
    const exporter = createExporter();
    const { processor } = create(exporter, { includes: ({ eventName }) => eventName === "mine" });
    emitAll(processor, ["theirs", "mine"]);
    await processor.forceFlush();
    expect(exporter.batches).toEqual([["mine"]]);
  });
});

describe("what fails is kept", () => {
  it("a batch is tried again, with growing pauses, until it is confirmed", async () => {
    const exporter = createExporter((n) => (n < 4 ? retryable : { status: "delivered" }));
    const { processor, clock } = create(exporter, { maxExportBatchSize: 2 });
    emitAll(processor, ["a", "b"]);
    const pauses: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      await settle();
      pauses.push(...clock.delays);
      clock.tick();
    }
    await settle();
    expect(pauses).toEqual([500, 1000, 2000]);
    expect(exporter.batches).toEqual(Array.from({ length: 4 }, () => ["a", "b"]));
    expect(processor.depth).toBe(0);
    expect(codes()).toEqual(["ERR_AUTHLOG_DELIVERY_RETRYABLE"]);
  });

  it("the receiver's Retry-After is honoured", async () => {
    const exporter = createExporter((n) =>
      n === 1 ? { ...retryable, retryAfterMillis: 7000 } : { status: "delivered" },
    );
    const { processor, clock } = create(exporter, { maxExportBatchSize: 1 });
    emitAll(processor, ["a"]);
    await settle();
    expect(clock.delays).toEqual([7000]);
  });

  it("an exporter that throws, or rejects, loses nothing", async () => {
    const exporter = createExporter((n) => {
      if (n === 1) throw new Error("broken exporter");
      return { status: "delivered" };
    });
    const { processor, clock } = create(exporter, { maxExportBatchSize: 1 });
    emitAll(processor, ["a"]);
    await settle();
    clock.tick();
    await settle();
    expect(exporter.batches).toEqual([["a"], ["a"]]);
  });

  it("what is rejected for good is said with its cause, and holds up nothing", async () => {
    const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
      message: "m",
      why: "w",
      fix: "f",
    });
    const exporter = createExporter(() => ({ status: "rejected", records: [{ index: 0, cause }] }));
    const { processor } = create(exporter);
    emitAll(processor, ["a", "b"]);
    await processor.forceFlush();
    expect(processor.depth).toBe(0);
    expect(codes()).toEqual(["ERR_AUTHLOG_DELIVERY_REJECTED"]);
  });

  it("what the queue cannot hold is counted and said", async () => {
    const gate = Promise.withResolvers<DeliveryOutcome>();
    const exporter = createExporter(() => gate.promise);
    const { processor } = create(exporter, { maxQueueSize: 2, maxExportBatchSize: 1 });
    emitAll(processor, ["a", "b", "c", "d"]);
    expect(processor.depth).toBe(2);
    expect(processor.dropped).toBe(2);
    expect(codes()).toEqual(["ERR_AUTHLOG_QUEUE_FULL"]);
    gate.resolve({ status: "delivered" });
    await settle();
    expect(exporter.batches).toEqual([["a"], ["b"]]);
  });
});

describe("flush and shutdown", () => {
  it("a flush ends when all that was accepted before it is confirmed, in several batches", async () => {
    const exporter = createExporter();
    const { processor } = create(exporter, { maxExportBatchSize: 2 });
    emitAll(processor, ["a", "b", "c"]);
    await processor.forceFlush();
    expect(exporter.batches.flat()).toEqual(["a", "b", "c"]);
  });

  it("a second flush during a flush waits for the same records", async () => {
    const gate = Promise.withResolvers<DeliveryOutcome>();
    const exporter = createExporter(() => gate.promise);
    const { processor } = create(exporter);
    emitAll(processor, ["a"]);
    const ended: string[] = [];
    const first = processor.forceFlush().then(() => ended.push("first"));
    const second = processor.forceFlush().then(() => ended.push("second"));
    await settle();
    expect(ended).toEqual([]);
    gate.resolve({ status: "delivered" });
    await Promise.all([first, second]);
    expect(exporter.batches).toHaveLength(1);
  });

  it("a flush ends when the receiver fails; the records stay", async () => {
    const { processor } = create(createExporter(() => retryable));
    emitAll(processor, ["a"]);
    await processor.forceFlush();
    expect(processor.depth).toBe(1);
  });

  it("a flush does not wait for the end of a pause", async () => {
    const exporter = createExporter((n) => (n === 1 ? retryable : { status: "delivered" }));
    const { processor, clock } = create(exporter, { maxExportBatchSize: 1 });
    emitAll(processor, ["a"]);
    await settle();
    expect(clock.delays).toHaveLength(1);
    await processor.forceFlush();
    expect(processor.depth).toBe(0);
  });

  it("a flush of nothing ends at once, also after the shutdown", async () => {
    const { processor } = create(createExporter());
    await processor.forceFlush();
    await processor.shutdown();
    await processor.forceFlush();
    expect(processor.depth).toBe(0);
  });

  it("a shutdown delivers first, then shuts the exporter down, once", async () => {
    const exporter = createExporter();
    const { processor } = create(exporter);
    emitAll(processor, ["a"]);
    await Promise.all([processor.shutdown(), processor.shutdown()]);
    expect(exporter.batches).toEqual([["a"]]);
    expect(exporter.closed).toBe(true);
  });

  it("a shutdown while the receiver is down says how many records are left", async () => {
    const { processor, clock } = create(createExporter(() => retryable));
    emitAll(processor, ["a", "b"]);
    await processor.shutdown();
    await settle();
    expect(codes()).toContain("ERR_AUTHLOG_SHUTDOWN_INCOMPLETE");
    expect(clock.delays).toEqual([]);
  });

  it("a record that comes after the shutdown is said, not lost in silence", async () => {
    const { processor } = create(createExporter());
    await processor.shutdown();
    emitAll(processor, ["late"]);
    expect(codes()).toEqual(["ERR_AUTHLOG_PROCESSOR_SHUT_DOWN"]);
    expect(processor.dropped).toBe(1);
  });
});
