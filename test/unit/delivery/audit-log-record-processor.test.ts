import { describe, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import { incomplete } from "../../../src/delivery/processor-errors.ts";
import type { AuditLogRecordProcessorOptions } from "../../../src/delivery/processor-options.ts";
import type { DeadLetter, DeadLetters } from "../../../src/delivery/dead-letter.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { getSlot } from "../../../src/slot.ts";
import type { DeliveringExporter, DeliveryOutcome } from "../../../src/telemetry/exporter.ts";
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
    { includes: () => true, durability: "memory", ...options, exporter },
    { clock },
  );
  return { processor, clock };
}

const emitAll = (processor: AuditLogRecordProcessor, names: readonly string[]): void => {
  for (const name of names) processor.onEmit(foreignRecord(name));
};

const codes = (): string[] => watched.diagnostics.map(({ code }) => code);

const keepIn = (letters: DeadLetter[]): DeadLetters => ({
  write(more) {
    letters.push(...more);
    return [];
  },
});

/** A receiver that fails over each batch with the bad record in it. */
function failingOver(bad: string): DeliveringExporter & { attempts: string[][] } {
  const attempts: string[][] = [];
  return {
    ...createExporter(),
    attempts,
    deliver: (records) => {
      const names = records.map(({ eventName }) => eventName ?? "");
      attempts.push(names);
      return Promise.resolve(names.includes(bad) ? retryable : { status: "delivered" });
    },
  };
}

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

describe("the end of a request", () => {
  it("sends what is there, and leaves what comes later to be gathered", async () => {
    const answer = Promise.withResolvers<DeliveryOutcome>();
    const exporter = createExporter(() => answer.promise);
    const { processor } = create(exporter);
    emitAll(processor, ["a", "b"]);
    const settled = processor.settle({ timeoutMillis: 5000, urgent: false });
    emitAll(processor, ["c"]);
    answer.resolve({ status: "delivered" });
    expect(await settled).toBe(true);
    await settle();
    expect(exporter.batches).toEqual([["a", "b"]]);
    expect(processor.depth).toBe(1);
  });

  it("asks for no delivery where another one took its record along", async () => {
    const exporter = createExporter();
    const { processor } = create(exporter, { maxExportBatchSize: 1 });
    emitAll(processor, ["a"]);
    await settle();
    expect(await processor.settle({ timeoutMillis: 5000, urgent: false })).toBe(true);
    expect(exporter.batches).toEqual([["a"]]);
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
    // The fourth attempt is made with one of them: there may be something wrong with the other.
    expect(exporter.batches).toEqual([["a", "b"], ["a", "b"], ["a", "b"], ["b"], ["a"]]);
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

  it("what is refused after an attempt without a clear answer is a letter that says so", async () => {
    const letters: DeadLetter[] = [];
    const refused = { index: 0, cause: incomplete(1) };
    const exporter = createExporter((n) =>
      n === 1
        ? { ...retryable, unclear: true, settled: [{ index: 1 }] }
        : { status: "rejected", records: [refused] },
    );
    const { processor, clock } = create(exporter, {
      maxExportBatchSize: 2,
      deadLetters: keepIn(letters),
    });
    emitAll(processor, ["a", "b", "c", "d"]);
    await settle();
    clock.tick();
    await settle();
    expect(letters.map(({ record, mayBeThere }) => [record.eventName, mayBeThere])).toEqual([
      ["c", undefined],
      ["a", true],
    ]);
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
    const letters: DeadLetter[] = [];
    const { processor } = create(exporter, {
      deadLetters: keepIn(letters),
    });
    emitAll(processor, ["a", "b"]);
    await processor.forceFlush();
    expect(processor.depth).toBe(0);
    expect(codes()).toEqual(["ERR_AUTHLOG_DELIVERY_REJECTED"]);
    expect(letters).toEqual([{ record: expect.objectContaining({ eventName: "a" }), cause }]);
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

describe("batches beside one another", () => {
  const delivered: DeliveryOutcome = { status: "delivered" };

  it("are as many as may be in flight, begun in order; the next begins when one has ended", async () => {
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<DeliveryOutcome>());
    const exporter = createExporter((n) => gates[n - 1]?.promise ?? delivered);
    const { processor } = create(exporter, { maxExportBatchSize: 1, maxInFlight: 2 });
    emitAll(processor, ["a", "b", "c", "d"]);
    expect(exporter.batches).toEqual([["a"], ["b"]]);
    gates[1]?.resolve(delivered);
    await settle();
    expect(exporter.batches).toEqual([["a"], ["b"], ["c"]]);
    expect(processor.depth).toBe(3);
    for (const { resolve } of gates) resolve(delivered);
    await settle();
    expect(processor.depth).toBe(0);
  });

  it("with one in flight, records arrive in the order in which they were emitted", async () => {
    const exporter = createExporter((n) => (n % 3 === 0 ? delivered : retryable));
    const { processor, clock } = create(exporter, { maxExportBatchSize: 1, maxInFlight: 1 });
    emitAll(processor, ["a", "b", "c"]);
    for (let turn = 0; turn < 9; turn += 1) {
      await settle();
      clock.tick();
    }
    expect(exporter.batches.flat().join("")).toBe("aaabbbccc");
    expect(processor.depth).toBe(0);
  });

  it("while the receiver fails, one at a time asks whether it is back", async () => {
    let up = false;
    const exporter = createExporter(() => (up ? delivered : retryable));
    const { processor, clock } = create(exporter, { maxExportBatchSize: 1, maxInFlight: 4 });
    emitAll(processor, ["a", "b", "c", "d"]);
    await settle();
    expect(exporter.batches).toHaveLength(4);
    expect(clock.delays).toHaveLength(1);
    clock.tick();
    await settle();
    expect(exporter.batches).toHaveLength(5);
    up = true;
    clock.tick();
    await settle();
    expect(processor.depth).toBe(0);
  });

  it("a flush waits for the oldest record, not for as many", async () => {
    const slow = Promise.withResolvers<DeliveryOutcome>();
    const exporter = createExporter((n) => (n === 1 ? slow.promise : delivered));
    const { processor } = create(exporter, { maxExportBatchSize: 1 });
    emitAll(processor, ["a"]);
    let ended = false;
    const flushed = processor.forceFlush().then(() => (ended = true));
    emitAll(processor, ["b", "c"]);
    await settle();
    expect([ended, processor.depth]).toEqual([false, 1]);
    slow.resolve(delivered);
    await flushed;
    expect(processor.depth).toBe(0);
  });

  it("a shutdown waits for those that are under way", async () => {
    const slow = Promise.withResolvers<DeliveryOutcome>();
    const exporter = createExporter((n) => (n === 1 ? slow.promise : retryable));
    const { processor } = create(exporter, { maxExportBatchSize: 1 });
    emitAll(processor, ["a", "b", "c", "d"]);
    const ended = processor.shutdown();
    await settle();
    expect(exporter.closed).toBe(false);
    slow.resolve(delivered);
    await ended;
    expect(watched.diagnostics.at(-1)?.message).toContain("with 3 audit records");
  });
});

describe("a record over which the receiver fails", () => {
  it("holds up no other, and in the end is a dead letter", async () => {
    const letters: DeadLetter[] = [];
    const exporter = failingOver("bad");
    const clock = createClock();
    const processor = new AuditLogRecordProcessor(
      {
        exporter,
        includes: () => true,
        durability: "memory",
        maxExportBatchSize: 4,
        retry: { giveUpAfter: 3 },
        deadLetters: keepIn(letters),
      },
      { clock },
    );
    emitAll(processor, ["1", "bad", "3", "4"]);
    for (let turn = 0; turn < 40; turn += 1) {
      emitAll(processor, [`other-${turn}`]);
      await settle();
      clock.tick();
      await settle();
    }
    expect(processor.depth).toBe(0);
    expect(letters.map(({ record, cause }) => [record.eventName, cause.code])).toEqual([
      ["bad", "ERR_AUTHLOG_DELIVERY_GIVEN_UP"],
    ]);
    const taken = exporter.attempts.filter((names) => !names.includes("bad")).flat();
    expect(new Set(taken).size).toBe(taken.length);
    expect(taken).toHaveLength(43);
  });

  it("is kept for ever while the receiver takes nothing else either", async () => {
    const { processor, clock } = create(createExporter(() => retryable));
    emitAll(processor, ["a", "b"]);
    for (let turn = 0; turn < 100; turn += 1) {
      clock.tick();
      await settle();
    }
    expect(processor.depth).toBe(2);
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

  it("a shutdown of an exporter that fails leaves nothing behind, and passes the failure on", async () => {
    const exporter = createExporter();
    exporter.shutdown = () => Promise.reject(new Error("no"));
    const { processor } = create(exporter);
    emitAll(processor, ["a"]);
    expect(getSlot().queues).toContain(processor);
    await expect(processor.shutdown()).rejects.toThrow("no");
    expect(getSlot().queues).not.toContain(processor);
  });

  it("a shutdown while the receiver is down says how many records are left", async () => {
    const { processor, clock } = create(createExporter(() => retryable));
    emitAll(processor, ["a", "b"]);
    await processor.shutdown();
    await settle();
    expect(codes()).toContain("ERR_AUTHLOG_SHUTDOWN_INCOMPLETE");
    expect(incomplete(1).message).toBe("The process ended with 1 audit record undelivered.");
    expect(incomplete(2).message).toBe("The process ended with 2 audit records undelivered.");
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

describe("options that cannot be used", () => {
  it.each([Number.NaN, -1, 0, 1.5, Infinity, "100"])(
    "%s is said, and the default taken; the sign-in goes on",
    async (value) => {
      const exporter = createExporter();
      const { processor } = create(exporter, {
        maxQueueSize: value as number,
        exportTimeoutMillis: value as number,
        maxInFlight: value as number,
        retry: { giveUpAfter: value as number },
      });
      emitAll(processor, ["a"]);
      await processor.forceFlush();
      expect(exporter.batches).toEqual([["a"]]);
      expect(processor.capacity).toBe(2048);
      expect(codes()).toEqual(["ERR_AUTHLOG_CONFIG_INVALID"]);
    },
  );

  it.each([0, 5000])(
    "a batch of %i records is not sent, but one that the queue can fill",
    async (size) => {
      const exporter = createExporter();
      const { processor } = create(exporter, { maxQueueSize: 2, maxExportBatchSize: size });
      emitAll(processor, ["a", "b"]);
      await settle();
      expect(exporter.batches).toEqual([["a", "b"]]);
    },
  );

  it("an option that is undefined is one that is not set", () => {
    const { processor } = create(createExporter(), { maxQueueSize: undefined as never });
    expect(processor.capacity).toBe(2048);
    expect(codes()).toEqual([]);
  });
});
