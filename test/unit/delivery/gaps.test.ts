import { describe, expect, it } from "vitest";
import { Gaps } from "../../../src/delivery/gaps.ts";
import { spanOf } from "../../../src/delivery/span.ts";
import type { AuthLogRecord } from "../../../src/slot.ts";
import { attributes } from "../../../src/vocabulary.ts";
import { numberedRecord } from "../../support/journal.ts";
import { seeded } from "../../support/random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { watchSlot } from "../../support/slot.ts";

watchSlot();

function create(): { gaps: Gaps; clock: SimulatedClock; told: AuthLogRecord[] } {
  const clock = new SimulatedClock(seeded(1));
  const told: AuthLogRecord[] = [];
  return { gaps: new Gaps(clock, (record) => told.push(record)), clock, told };
}

const countsOf = (told: readonly AuthLogRecord[]): unknown[] =>
  told.map(({ attributes: values }) => values[attributes.gapCount]);

describe("losses", () => {
  it("become one event a cause, once there are no more for a second", () => {
    const { gaps, clock, told } = create();
    for (let n = 1; n <= 3; n += 1) {
      gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(n)));
      gaps.note("ERR_AUTHLOG_JOURNAL_FULL", 2, spanOf(numberedRecord(n + 10)));
      clock.advanceTo(clock.nowMillis + 600);
    }
    expect(told).toEqual([]);
    clock.advanceTo(clock.nowMillis + 2000);
    expect(told.map(({ attributes: values }) => values)).toMatchObject([
      {
        [attributes.gapCode]: "ERR_AUTHLOG_QUEUE_FULL",
        [attributes.gapCount]: 3,
        [attributes.gapFirstSequence]: 1,
        [attributes.gapLastSequence]: 3,
        [attributes.gapProducerId]: "producer",
        [attributes.gapFirstTime]: "2023-11-14T22:13:21.000Z",
        [attributes.gapLastTime]: "2023-11-14T22:13:23.000Z",
      },
      { [attributes.gapCode]: "ERR_AUTHLOG_JOURNAL_FULL", [attributes.gapCount]: 6 },
    ]);
  });

  it("that never end are told soon, and then less and less often", () => {
    const { gaps, clock, told } = create();
    const times: number[] = [];
    for (let tenths = 0; tenths < 36_000; tenths += 1) {
      gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(tenths + 1)));
      clock.advanceTo(clock.nowMillis + 100);
      if (told.length > times.length) times.push(clock.nowMillis);
    }
    expect(times.slice(0, 5)).toEqual([5000, 7000, 11_000, 19_000, 35_000]);
    expect(times).toHaveLength(64);
    gaps.tell(true);
    expect(countsOf(told).reduce<number>((sum, count) => sum + Number(count), 0)).toBe(36_000);
  });

  it("that come one by one for hours take little room in the trail", () => {
    const { gaps, clock, told } = create();
    for (let n = 1; n <= 5000; n += 1) {
      gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(n)));
      clock.advanceTo(clock.nowMillis + 2500);
    }
    // Once a minute.
    expect(told.length).toBeLessThan(215);
    gaps.tell(true);
    expect(countsOf(told).reduce<number>((sum, count) => sum + Number(count), 0)).toBe(5000);
  });

  it("are told by a flush, while the next telling is far off", () => {
    const { gaps, clock, told } = create();
    for (let n = 1; n <= 600; n += 1) {
      gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(n)));
      clock.advanceTo(clock.nowMillis + 100);
    }
    const before = told.length;
    clock.advanceTo(clock.nowMillis + 2000);
    expect(told).toHaveLength(before);
    gaps.tell();
    expect(countsOf(told).reduce<number>((sum, count) => sum + Number(count), 0)).toBe(600);
  });

  it("become no event for each of many flushes, but for the last one", () => {
    const { gaps, clock, told } = create();
    for (let n = 1; n <= 6000; n += 1) {
      gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(n)));
      gaps.tell();
      clock.advanceTo(clock.nowMillis + 100);
    }
    // Ten minutes, and one in five seconds.
    expect(told.length).toBeLessThan(125);
    expect(told.length).toBeGreaterThan(115);
    expect(gaps.tell(true)).toBe(true);
    expect(gaps.tell(true)).toBe(false);
    expect(countsOf(told).reduce<number>((sum, count) => sum + Number(count), 0)).toBe(6000);
  });

  it("are told soon again after a calm", () => {
    const { gaps, clock, told } = create();
    const lose = (): void => gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(1)));
    for (let n = 0; n < 100; n += 1) {
      lose();
      clock.advanceTo(clock.nowMillis + 2500);
    }
    clock.advanceTo(clock.nowMillis + 190_000);
    const before = told.length;
    lose();
    clock.advanceTo(clock.nowMillis + 1000);
    lose();
    clock.advanceTo(clock.nowMillis + 2000);
    expect(told.length).toBe(before + 2);
    expect(clock.nextMillis).toBeDefined();
    clock.advanceTo(clock.nowMillis + 190_000);
    expect(clock.nextMillis).toBeUndefined();
  });

  it("are told at once where a flush asks for it, and only once", () => {
    const { gaps, clock, told } = create();
    gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(1)));
    gaps.tell();
    gaps.tell();
    clock.advanceTo(120_000);
    expect(countsOf(told)).toEqual([1]);
  });

  it("of the event that tells of them are a new loss, and no endless one", () => {
    const clock = new SimulatedClock(seeded(1));
    const told: AuthLogRecord[] = [];
    const gaps: Gaps = new Gaps(clock, (record) => {
      told.push(record);
      gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(1)));
    });
    gaps.note("ERR_AUTHLOG_QUEUE_FULL", 5, spanOf(numberedRecord(1)));
    gaps.tell();
    expect(countsOf(told)).toEqual([5]);
    clock.advanceTo(3000);
    expect(told.length).toBeLessThanOrEqual(4);
  });

  it("each have an identity of their own in the producer's count", () => {
    const { gaps, told } = create();
    gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, {});
    gaps.note("ERR_AUTHLOG_JOURNAL_FULL", 1, {});
    gaps.tell();
    expect(told.map(({ attributes: values }) => values[attributes.sequence])).toEqual([1, 2]);
    expect(new Set(told.map(({ attributes: values }) => values[attributes.recordUid])).size).toBe(
      2,
    );
  });
});
