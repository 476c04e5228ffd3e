import { describe, expect, it } from "vitest";
import { attemptDelivery } from "../../../src/delivery/attempt-delivery.ts";
import { batchDefaults } from "../../../src/delivery/batch-options.ts";
import type { Kept } from "../../../src/delivery/batch.ts";
import { retryDefaults } from "../../../src/delivery/retry.ts";
import { Sender } from "../../../src/delivery/sender.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { deadlineIn } from "../../../src/telemetry/deadline.ts";
import type { DeliveryOutcome, Rejection } from "../../../src/telemetry/exporter.ts";
import {
  createExporter,
  foreignRecord,
  type ScriptedExporter,
  settle,
} from "../../support/delivery.ts";
import { seeded } from "../../support/random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { watchSlot } from "../../support/slot.ts";

watchSlot();

const delivered: DeliveryOutcome = { status: "delivered" };
const retryable = (retryAfterMillis?: number): DeliveryOutcome => ({
  status: "retryable",
  cause: new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", { message: "m", why: "w", fix: "f" }),
  ...(retryAfterMillis !== undefined && { retryAfterMillis }),
});

interface Opened {
  sender: Sender;
  clock: SimulatedClock;
  settled: string[];
  rejected: Rejection[];
}

function open(exporter: ScriptedExporter, maxInFlight = 4, maxExportBatchSize = 1): Opened {
  const clock = new SimulatedClock(seeded(1));
  const settled: string[] = [];
  const rejected: Rejection[] = [];
  const sender = new Sender(
    {
      exporter,
      batch: { ...batchDefaults, maxExportBatchSize },
      maxInFlight,
      retry: retryDefaults,
      onSettled: (kept, more) => {
        settled.push(...kept.map(({ record }) => record.eventName ?? ""));
        rejected.push(...more);
      },
      onEnd: () => {},
    },
    clock,
  );
  return { sender, clock, settled, rejected };
}

const kept = (...names: string[]): Kept[] => names.map((name) => ({ record: foreignRecord(name) }));

/** Lets time pass in steps, as attempts end between them. */
async function pass({ clock }: Opened, millis: number): Promise<void> {
  const until = clock.nowMillis + millis;
  for (;;) {
    await settle();
    const next = Math.min(clock.nextMillis ?? Infinity, until);
    clock.advanceTo(next);
    if (next >= until) return settle();
  }
}

describe("a batch that is settled in part", () => {
  const refusal = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
    message: "m",
    why: "w",
    fix: "f",
  });

  it("tells at once what is settled, and sends only the others again", async () => {
    const inPart = {
      ...retryable(),
      // In no order, one of them twice, and one that is not in the batch.
      settled: [{ index: 2, cause: refusal }, { index: 0 }, { index: 0 }, { index: 9 }],
    };
    const exporter = createExporter((n) => (n === 1 ? inPart : delivered));
    const opened = open(exporter, 1, 4);
    opened.sender.take(kept("a", "b", "c", "d"));
    await settle();
    expect(opened.settled).toEqual(["a", "c"]);
    expect(opened.rejected).toEqual([{ index: 1, cause: refusal }]);
    expect(opened.sender.depth).toBe(2);
    await pass(opened, 60_000);
    expect(exporter.batches).toEqual([
      ["a", "b", "c", "d"],
      ["b", "d"],
    ]);
    expect(opened.settled).toEqual(["a", "c", "b", "d"]);
    expect(opened.sender.depth).toBe(0);
  });

  it("is not, by what an exporter says of records that it was not given", async () => {
    const outside = { ...retryable(), settled: [{ index: 1 }, { index: 2 }] };
    const exporter = createExporter((n) => (n < 4 ? retryable() : n === 4 ? outside : delivered));
    const opened = open(exporter, 1, 3);
    opened.sender.take(kept("a", "b", "c"));
    while (exporter.batches.length < 4) await pass(opened, 1);
    expect(exporter.batches[3]).toHaveLength(1);
    expect(opened.settled).toEqual([]);
    await pass(opened, 600_000);
    expect(opened.settled.toSorted()).toEqual(["a", "b", "c"]);
  });

  it("leaves nothing under way where nothing is left of it", async () => {
    const all = { ...retryable(), settled: [{ index: 0 }, { index: 1 }] };
    const exporter = createExporter(() => all);
    const opened = open(exporter, 1, 2);
    opened.sender.take(kept("a", "b"));
    await pass(opened, 60_000);
    expect(exporter.batches).toEqual([["a", "b"]]);
    expect(opened.settled).toEqual(["a", "b"]);
    await opened.sender.close(deadlineIn(1000));
  });
});

describe("a receiver that fails", () => {
  it("is left alone as long as it asks for, and then asked by one batch", async () => {
    const exporter = createExporter((n) => (n <= 4 ? retryable(30_000) : delivered));
    const opened = open(exporter);
    opened.sender.take(kept("a", "b", "c", "d", "e", "f"));
    await pass(opened, 29_999);
    expect(exporter.batches).toEqual([["a"], ["b"], ["c"], ["d"]]);
    await pass(opened, 1);
    expect(exporter.batches).toHaveLength(10);
    expect(opened.settled.toSorted()).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(opened.sender.depth).toBe(0);
  });

  it("that asks for a day is asked again after a minute", async () => {
    const exporter = createExporter((n) => (n === 1 ? retryable(86_400_000) : delivered));
    const opened = open(exporter);
    opened.sender.take(kept("a"));
    await pass(opened, 60_000);
    expect(opened.settled).toEqual(["a"]);
  });

  it("is asked one batch at a time until it takes one, and then by several", async () => {
    let underWay = 0;
    const most: number[] = [];
    let up = false;
    const opened: Opened = open(
      createExporter(async () => {
        underWay += 1;
        most.push(underWay);
        await new Promise<void>((resolve) => opened.clock.schedule(resolve, 10));
        underWay -= 1;
        return up ? delivered : retryable();
      }),
    );
    opened.sender.take(kept(...Array.from({ length: 40 }, (_, n) => `event-${n}`)));
    await pass(opened, 3_600_000);
    expect(Math.max(...most.slice(4))).toBe(1);
    expect(most.length).toBeLessThan(200);
    up = true;
    most.length = 0;
    await pass(opened, 61_000);
    expect(most[0]).toBe(1);
    expect(Math.max(...most)).toBe(4);
    expect(opened.sender.depth).toBe(0);
  });

  it("that fails for long and then says when to come back is asked just then", async () => {
    const exporter = createExporter((n) =>
      n < 9 ? retryable() : n === 9 ? retryable(1000) : delivered,
    );
    const opened = open(exporter);
    opened.sender.take(kept("a"));
    while (exporter.batches.length < 9) await pass(opened, 1);
    await pass(opened, 998);
    expect(exporter.batches).toHaveLength(9);
    await pass(opened, 2);
    expect(opened.settled).toEqual(["a"]);
  });

  it("that says when to come back while a pause of ours is on is asked just then", async () => {
    const slow = Promise.withResolvers<DeliveryOutcome>();
    const exporter = createExporter((n) =>
      n === 1 ? slow.promise : n < 9 ? retryable() : delivered,
    );
    const opened = open(exporter, 2);
    opened.sender.take(kept("a", "b"));
    // The longest pause of all is on when the first batch has its answer.
    await pass(opened, 0);
    const before = exporter.batches.length;
    slow.resolve(retryable(10));
    await pass(opened, 9);
    expect(exporter.batches).toHaveLength(before);
    await pass(opened, 1);
    expect(exporter.batches).toHaveLength(before + 1);
  });

  it("is asked again at once where somebody is in a hurry", async () => {
    const exporter = createExporter((n) => (n === 1 ? retryable() : delivered));
    const opened = open(exporter);
    opened.sender.take(kept("a"));
    await settle();
    opened.sender.hurry();
    await settle();
    expect(opened.settled).toEqual(["a"]);
    expect(opened.clock.nextMillis).toBeUndefined();
  });

  it("is asked often by somebody in a hurry, also where it failed for hours before", async () => {
    const exporter = createExporter(() => retryable());
    const opened = open(exporter);
    opened.sender.take(kept("a"));
    await pass(opened, 3_600_000);
    const before = exporter.batches.length;
    opened.sender.hurry();
    await pass(opened, 5000);
    expect(exporter.batches.length - before).toBeGreaterThan(2);
  });

  it("that said when to come back is asked before by nobody but a process that ends", async () => {
    const exporter = createExporter((n) => (n === 1 ? retryable(50_000) : delivered));
    const opened = open(exporter);
    opened.sender.take(kept("a"));
    await settle();
    const deadline = deadlineIn(10_000);
    const draining = { reached: () => opened.sender.depth === 0, deadline };
    opened.sender.hurry();
    await opened.sender.flush(draining);
    expect(opened.settled).toEqual([]);
    await opened.sender.flush({ ...draining, last: true });
    expect(opened.settled).toEqual(["a"]);
    expect(opened.clock.nextMillis).toBeUndefined();
    deadline.cancel();
  });

  it("is left alone until the last of those times that it told", async () => {
    const answers = [retryable(), retryable(30_000), retryable(50_000), retryable(10_000)];
    const exporter = createExporter((n) => answers[n - 1] ?? delivered);
    const opened = open(exporter);
    opened.sender.take(kept("a", "b", "c", "d"));
    await pass(opened, 49_999);
    expect(exporter.batches).toHaveLength(4);
    await pass(opened, 1);
    expect(opened.sender.depth).toBe(0);
  });
});

describe("an order of records", () => {
  it("is kept with one batch in flight, as long as none fails three times in a row", async () => {
    const exporter = createExporter((n) => (n % 3 === 0 ? delivered : retryable()));
    const opened = open(exporter, 1, 3);
    const names = Array.from({ length: 60 }, (_, n) => String(n));
    for (const name of names) opened.sender.take(kept(name));
    await pass(opened, 600_000);
    expect(opened.settled).toEqual(names);
  });
});

describe("the end of a sender", () => {
  it("starts nothing more, gives up what hangs, and leaves no timer", async () => {
    const exporter = createExporter(() => new Promise(() => {}));
    const opened = open(exporter, 1);
    opened.sender.take(kept("a", "b"));
    const deadline = deadlineIn(1);
    await opened.sender.close(deadline);
    deadline.cancel();
    await pass(opened, 3_600_000);
    expect(exporter.batches).toEqual([["a"]]);
    expect(opened.clock.nextMillis).toBeUndefined();
    expect(opened.sender.depth).toBe(2);
  });

  it("hears what was settled of a batch that is cut off, and only that", async () => {
    const inPart = { ...retryable(), settled: [{ index: 1 }] };
    const exporter = cutOffExporter(inPart);
    const opened = open(exporter, 1, 2);
    opened.sender.take(kept("a", "b"));
    const deadline = deadlineIn(1);
    await opened.sender.close(deadline);
    deadline.cancel();
    expect(opened.settled).toEqual(["b"]);
    expect(opened.sender.all.map(({ record }) => record.eventName)).toEqual(["a"]);
    expect(opened.sender.depth).toBe(1);
  });
});

describe("an attempt whose time is up", () => {
  it("has a last word on what was settled before", async () => {
    const told = new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", {
      message: "m",
      why: "no answer to the second part",
      fix: "f",
    });
    const exporter = cutOffExporter({
      status: "retryable",
      cause: told,
      settled: [{ index: 0 }],
    });
    const outcome = await attemptDelivery(exporter, [foreignRecord("a"), foreignRecord("b")], {
      timeoutMillis: 1,
      abandoned: new AbortController().signal,
    });
    expect(outcome).toMatchObject({ cause: told, settled: [{ index: 0 }] });
  });

  it("ends without it, where the exporter hangs all the same", async () => {
    const exporter = createExporter(() => new Promise(() => {}));
    const outcome = await attemptDelivery(exporter, [foreignRecord("a")], {
      timeoutMillis: 1,
      abandoned: new AbortController().signal,
    });
    expect(outcome).toMatchObject({
      status: "retryable",
      cause: { why: "The exporter did not answer within 1 ms." },
    });
  });
});

/** Answers when it is cut off, and not before. */
function cutOffExporter(outcome: DeliveryOutcome): ScriptedExporter {
  return {
    ...createExporter(),
    deliver: (_, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener("abort", () => setImmediate(resolve, outcome));
      }),
  };
}
