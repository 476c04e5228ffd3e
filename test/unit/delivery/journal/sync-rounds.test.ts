import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { SyncRounds } from "../../../../src/delivery/journal/sync-rounds.ts";

/** Rounds whose syncs end when the test says so, and what each of them had to cover. */
function open(): {
  rounds: SyncRounds;
  append: () => void;
  covered: number[];
  ends: PromiseWithResolvers<void>[];
} {
  const covered: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  let appended = 0;
  const rounds = new SyncRounds(() => {
    covered.push(appended);
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  const append = (): void => {
    appended += 1;
    rounds.add();
  };
  return { rounds, append, covered, ends };
}

describe("group commit", () => {
  it("syncs once for all that is appended in one turn of the event loop", async () => {
    const { rounds, append, covered, ends } = open();
    for (let n = 0; n < 3; n += 1) append();
    const waits = [rounds.reached(), rounds.reached()];
    expect(covered).toEqual([]);
    await setImmediate();
    expect(covered).toEqual([3]);
    ends[0]?.resolve();
    await Promise.all(waits);
    await setImmediate();
    expect(covered).toEqual([3]);
  });

  it("begins within the turn where many are appended, and again as soon as that has ended", async () => {
    const { rounds, append, covered, ends } = open();
    for (let n = 0; n < 32; n += 1) append();
    expect(covered).toEqual([32]);
    const begun = rounds.reached().then(() => covered.length);
    for (let n = 0; n < 68; n += 1) append();
    const rest = rounds.reached();
    ends[0]?.resolve();
    // Before those who waited go on.
    expect(await begun).toBe(2);
    expect(covered).toEqual([32, 100]);
    ends[1]?.resolve();
    await rest;
  });

  it("has half of many in each sync, so that the others work while the disk does", async () => {
    const { rounds, append, covered, ends } = open();
    const produce = async (): Promise<void> => {
      while (ends.length < 20) {
        append();
        await rounds.reached();
      }
    };
    const producers = Promise.all(Array.from({ length: 100 }, produce));
    for (let round = 0; round < 20; round += 1) {
      await setImmediate();
      ends[round]?.resolve();
    }
    await setImmediate();
    ends[20]?.resolve();
    await setImmediate();
    ends[21]?.resolve();
    await producers;
    const sizes = covered.map((count, round) => count - (covered[round - 1] ?? 0));
    // The first one begins before most of them are there.
    expect(sizes.slice(0, 2)).toEqual([32, 68]);
    expect(sizes.slice(5, 20)).toEqual(Array.from({ length: 15 }, () => 50));
  });

  it("lets nobody wait for a sync that began before the append", async () => {
    const { rounds, append, covered, ends } = open();
    append();
    await setImmediate();
    append();
    let isThere = false;
    const second = rounds.reached().then(() => (isThere = true));
    ends[0]?.resolve();
    await setImmediate();
    expect(isThere).toBe(false);
    expect(covered).toEqual([1, 2]);
    ends[1]?.resolve();
    await second;
  });

  it("lets wait for the sync under way, where that covers all", async () => {
    const { rounds, append, covered, ends } = open();
    append();
    await setImmediate();
    const late = rounds.reached();
    ends[0]?.resolve();
    await late;
    await setImmediate();
    expect(covered).toEqual([1]);
  });

  it("tells those who waited for it of a failure, and nobody else; the next one is tried", async () => {
    const { rounds, append, ends } = open();
    append();
    const first = rounds.reached();
    await setImmediate();
    append();
    const second = rounds.reached();
    ends[0]?.reject(new Error("EIO"));
    await expect(first).rejects.toThrow("EIO");
    ends[1]?.resolve();
    await expect(second).resolves.toBeUndefined();
  });

  it("syncs for somebody who waits, although nothing was appended", async () => {
    const { rounds, covered, ends } = open();
    const wait = rounds.reached();
    await setImmediate();
    expect(covered).toEqual([0]);
    ends[0]?.resolve();
    await wait;
  });
});
