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

  it("that never end are told once a minute", () => {
    const { gaps, clock, told } = create();
    for (let tenths = 0; tenths < 6000; tenths += 1) {
      gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(tenths + 1)));
      clock.advanceTo(clock.nowMillis + 100);
    }
    gaps.tell();
    expect(told.length).toBeGreaterThanOrEqual(10);
    expect(told.length).toBeLessThanOrEqual(11);
    expect(countsOf(told).reduce<number>((sum, count) => sum + Number(count), 0)).toBe(6000);
  });

  it("are told at once where a flush asks for it, and only once", () => {
    const { gaps, clock, told } = create();
    gaps.note("ERR_AUTHLOG_QUEUE_FULL", 1, spanOf(numberedRecord(1)));
    gaps.tell();
    gaps.tell();
    clock.advanceTo(120_000);
    expect(countsOf(told)).toEqual([1]);
    expect(clock.nextMillis).toBeUndefined();
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
