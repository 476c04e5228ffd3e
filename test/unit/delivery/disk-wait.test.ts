import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DiskWait } from "../../../src/delivery/disk-wait.ts";
import { endedUnsynced } from "../../../src/delivery/journal/journal-errors.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
const codes = (): string[] => watched.diagnostics.map(({ code }) => code);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Waits up to a second for a round, and tells later whether that has ended. */
function waiting(wait: DiskWait, round: Promise<void>): () => boolean {
  let ended = false;
  void wait.end(round, 1000).then(() => (ended = true));
  return () => ended;
}

it("ends with the sync, for all who wait for it", async () => {
  const wait = new DiskWait();
  const round = Promise.withResolvers<void>();
  const ends = [waiting(wait, round.promise), waiting(wait, round.promise)];
  await vi.advanceTimersByTimeAsync(500);
  expect(ends.map((hasEnded) => hasEnded())).toEqual([false, false]);
  round.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(ends.map((hasEnded) => hasEnded())).toEqual([true, true]);
  expect(codes()).toEqual([]);
});

it("ends for each when its own time is up, not when that of another is", async () => {
  const wait = new DiskWait();
  const { promise: round } = Promise.withResolvers<void>();
  const first = waiting(wait, round);
  await vi.advanceTimersByTimeAsync(900);
  const late = waiting(wait, round);
  await vi.advanceTimersByTimeAsync(200);
  expect([first(), late()]).toEqual([true, false]);
  expect(codes()).toEqual(["ERR_AUTHLOG_JOURNAL_SLOW"]);
  const afterTheFirst = waiting(wait, round);
  await vi.advanceTimersByTimeAsync(800);
  expect([late(), afterTheFirst()]).toEqual([true, false]);
});

it("says that the process's end came before the disk", async () => {
  const hasEnded = waiting(new DiskWait(), Promise.reject(endedUnsynced()));
  await vi.advanceTimersByTimeAsync(0);
  expect(hasEnded()).toBe(true);
  expect(codes()).toEqual(["ERR_AUTHLOG_JOURNAL_SLOW"]);
});
