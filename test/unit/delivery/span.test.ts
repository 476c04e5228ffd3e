import { describe, expect, it } from "vitest";
import { joined, spanBetween, spanOf } from "../../../src/delivery/span.ts";
import { foreignRecord } from "../../support/delivery.ts";
import { numberedRecord } from "../../support/journal.ts";

const millis = (sequence: number): number => (1_700_000_000 + sequence) * 1000;

describe("the span of records that are gone", () => {
  it("is of one record its time and its place", () => {
    expect(spanOf(numberedRecord(3))).toEqual({
      firstTimeUnixMillis: millis(3),
      lastTimeUnixMillis: millis(3),
      producerId: "producer",
      firstSequence: 3,
      lastSequence: 3,
    });
  });

  it("reaches over both, in whatever order they are lost", () => {
    const span = joined(spanOf(numberedRecord(7)), spanOf(numberedRecord(2)));
    expect(span).toEqual({
      firstTimeUnixMillis: millis(2),
      lastTimeUnixMillis: millis(7),
      producerId: "producer",
      firstSequence: 2,
      lastSequence: 7,
    });
  });

  it("names no place where two producers lost records, also when the first loses more", () => {
    const two = joined(spanOf(numberedRecord(1, "a")), spanOf(numberedRecord(9, "b")));
    const three = joined(two, spanOf(numberedRecord(2, "a")));
    for (const span of [two, three]) {
      expect(span).toMatchObject({ firstTimeUnixMillis: millis(1), lastTimeUnixMillis: millis(9) });
      expect(span.producerId ?? span.firstSequence ?? span.lastSequence).toBeUndefined();
    }
  });

  it("has no place of foreign records, but their time", () => {
    expect(spanOf(foreignRecord("theirs"))).toEqual({
      firstTimeUnixMillis: 1000,
      lastTimeUnixMillis: 1000,
      producerId: undefined,
      firstSequence: undefined,
      lastSequence: undefined,
    });
  });

  it("is told of what cannot be read by what stands before and behind it", () => {
    const [before, after] = [{ record: numberedRecord(4) }, { record: numberedRecord(9) }];
    expect(spanBetween(before, after)).toMatchObject({ firstSequence: 5, lastSequence: 8 });
    expect(spanBetween(undefined, after)).toEqual({
      firstTimeUnixMillis: undefined,
      lastTimeUnixMillis: millis(9),
      producerId: "producer",
      firstSequence: undefined,
      lastSequence: 8,
    });
    expect(spanBetween(undefined, undefined)).toEqual({
      firstTimeUnixMillis: undefined,
      lastTimeUnixMillis: undefined,
    });
  });

  it("stays open at an end that is not known of one of two", () => {
    const opening = spanBetween(undefined, { record: numberedRecord(5) });
    const closing = spanBetween({ record: numberedRecord(18) }, undefined);
    const middle = spanOf(numberedRecord(10));
    for (const span of [joined(opening, middle), joined(middle, opening)]) {
      expect([span.firstSequence, span.lastSequence]).toEqual([undefined, 10]);
      expect([span.firstTimeUnixMillis, span.lastTimeUnixMillis]).toEqual([undefined, millis(10)]);
    }
    expect(joined(middle, closing)).toMatchObject({ firstSequence: 10, lastSequence: undefined });
    expect(Object.values(joined({}, middle)).some((end) => end !== undefined)).toBe(false);
  });
});
