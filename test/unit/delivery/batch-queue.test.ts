import { describe, expect, it } from "vitest";
import { type Batch, sentOf } from "../../../src/delivery/batch.ts";
import { BatchQueue } from "../../../src/delivery/batch-queue.ts";
import { foreignRecord } from "../../support/delivery.ts";

/** A queue that holds `count` records, named by their places from 1. */
function queueOf(count: number, maxBatchSize: number, giveUpAfter = 3): BatchQueue {
  const queue = new BatchQueue({ maxSize: 100, maxBatchSize, giveUpAfter, random: () => 0.5 });
  for (let place = 1; place <= count; place += 1)
    queue.push({ record: foreignRecord(String(place)) });
  return queue;
}

const namesIn = (batch: Batch | undefined): string[] =>
  (batch === undefined ? [] : sentOf(batch)).map(({ record }) => record.eventName ?? "");

const namesOf = (batch: Batch | undefined): string => namesIn(batch).join(" ");

function take(queue: BatchQueue, failing = false): Batch {
  const batch = queue.take(true, failing);
  if (batch === undefined) throw new Error("There is no batch.");
  return batch;
}

/** Fails each batch that holds the bad record, and takes the others, until it is given up. */
function deliver(queue: BatchQueue, bad: string): { attempts: string[]; taken: string[] } {
  const attempts: string[] = [];
  const taken: string[] = [];
  for (let turn = 0; turn < 100; turn += 1) {
    queue.wake();
    // Something else is always there: without it a receiver that is down looks the same.
    queue.push({ record: foreignRecord(`other-${turn}`) });
    const batch = take(queue, attempts.length % 2 === 1);
    attempts.push(namesOf(batch));
    if (!namesIn(batch).includes(bad)) {
      taken.push(...namesIn(batch));
      queue.settle(batch);
    } else if (queue.fail(batch, true) === "given-up") return { attempts, taken };
  }
  throw new Error("The bad record was never given up.");
}

describe("the order of batches", () => {
  it("is that of their records, and one that is not full goes only where it may", () => {
    const queue = queueOf(5, 2);
    expect([queue.take(false, false), queue.take(false, false)].map(namesOf)).toEqual([
      "1 2",
      "3 4",
    ]);
    expect(queue.take(false, false)).toBeUndefined();
    expect(namesOf(queue.take(true, false))).toBe("5");
  });

  it("knows the oldest record that is not settled, whichever batch is settled first", () => {
    const queue = queueOf(4, 2);
    const [older, newer] = [take(queue), take(queue)];
    queue.settle(newer);
    expect(queue.oldest).toBe(1);
    queue.settle(older);
    expect([queue.oldest, queue.depth]).toEqual([5, 0]);
  });

  it("a batch that fails is tried three times, and one of its records, before the next one is", () => {
    const queue = queueOf(6, 3);
    const tried: string[] = [];
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const batch = take(queue, attempt > 0);
      tried.push(namesOf(batch));
      expect(queue.fail(batch, true)).toBe("none");
    }
    expect(tried.slice(0, 4)).toEqual(["1 2 3", "1 2 3", "1 2 3", "2"]);
    expect(tried.slice(4)).toEqual(["4 5 6", "4 5 6", "4 5 6", "5", "2", "5"]);
    expect(queue.all.map(({ record }) => record.eventName).join(" ")).toBe("1 2 3 4 5 6");
  });

  it("the oldest goes first again once the receiver takes batches", () => {
    const queue = queueOf(4, 2);
    for (let attempt = 0; attempt < 4; attempt += 1) queue.fail(take(queue, attempt > 0), true);
    const next = take(queue, true);
    expect(namesOf(next)).toBe("3 4");
    queue.settle(next);
    expect(namesOf(take(queue, false))).toBe("1 2");
  });
});

describe("a batch that is settled in part", () => {
  it("is as old as the oldest record that is left in it", () => {
    const queue = queueOf(4, 4);
    const batch = take(queue);
    expect(queue.settlePart(batch, new Set([0, 1]))).toHaveLength(2);
    expect([queue.oldest, queue.depth]).toEqual([3, 2]);
    expect(queue.settlePart(batch, new Set([1]))).toHaveLength(1);
    expect([queue.oldest, queue.depth]).toEqual([3, 1]);
  });

  it("does not have its last record given up for what the whole of it did", () => {
    const queue = queueOf(3, 2, 1);
    const [batch, other] = [take(queue), take(queue)];
    expect(queue.fail(batch, true)).toBe("none");
    queue.settle(other);
    expect(take(queue)).toBe(batch);
    expect(queue.fail(batch, true)).toBe("suspect");
    queue.wake();
    expect(take(queue)).toBe(batch);
    queue.settlePart(batch, new Set([0]));
    expect(queue.fail(batch, true)).toBe("none");
  });
});

/** A queue whose one batch, of three records, failed three times. */
function queueThatFailed(): BatchQueue {
  const queue = queueOf(3, 3);
  for (let attempt = 0; attempt < 3; attempt += 1) queue.fail(take(queue, attempt > 0), true);
  return queue;
}

describe("a single record of a batch that fails", () => {
  it("is settled alone, and what stays is under suspicion by its next failure", () => {
    const queue = queueThatFailed();
    const probe = take(queue, true);
    expect(namesOf(probe)).toBe("2");
    expect(queue.settle(probe).map(({ record }) => record.eventName)).toEqual(["2"]);
    expect([queue.oldest, queue.depth]).toEqual([1, 2]);
    const rest = take(queue);
    expect(namesOf(rest)).toBe("1 3");
    expect(queue.fail(rest, true)).toBe("suspect");
  });

  it("that is not taken says nothing of the others", () => {
    const queue = queueThatFailed();
    queue.push({ record: foreignRecord("other") });
    const probe = take(queue, true);
    const other = take(queue);
    expect([namesOf(probe), namesOf(other)]).toEqual(["2", "other"]);
    queue.settle(other);
    expect(queue.fail(probe, true)).toBe("none");
    // The other one that was taken counts for the whole of it.
    const whole = take(queue);
    expect(namesOf(whole)).toBe("1 2 3");
    expect(queue.fail(whole, true)).toBe("suspect");
  });
});

describe("a batch that alone is not taken", () => {
  it("is halved until the bad record stands alone, which is given up after its last strike", () => {
    const queue = queueOf(8, 8);
    const { attempts, taken } = deliver(queue, "3");
    expect(attempts.at(-1)).toBe("3");
    expect(taken).toEqual(expect.arrayContaining(["1", "2", "4", "5", "6", "7", "8"]));
    expect(taken).not.toContain("3");
    expect(new Set(taken).size).toBe(taken.length);
  });

  it("is neither halved nor given up while the receiver takes nothing", () => {
    const queue = queueOf(2, 2);
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const batch = take(queue, true);
      expect(namesOf(batch)).toBe(attempt < 3 ? "1 2" : "2");
      expect(batch.kept).toHaveLength(2);
      expect(queue.fail(batch, true)).toBe("none");
    }
  });

  it("is not halved for a fault that is not its own", () => {
    const queue = queueOf(2, 2);
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const batch = take(queue);
      queue.push({ record: foreignRecord("other") });
      queue.settle(take(queue));
      expect(queue.fail(batch, false)).toBe("none");
    }
  });
});
