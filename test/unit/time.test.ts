import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMicros, parseMicros, toMicros } from "../../src/time.ts";

describe("times", () => {
  it("are written as Pangea writes them, and read back to the microsecond", () => {
    expect(formatMicros(1_763_632_800_123_456)).toBe("2025-11-20T10:00:00.123456Z");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8e15 }), (micros) => {
        expect(formatMicros(micros)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        expect(parseMicros(formatMicros(micros))).toBe(micros);
      }),
    );
  });

  it.each([
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01T01:00:00+01:00", 0],
    ["1970-01-01t00:00:00.5z", 500_000],
    ["1970-01-01T00:00:00.1234567Z", 123_456],
    ["2016-12-31T23:59:60Z", 1_483_228_799_000_000],
    ["2026-02-29T00:00:00Z", undefined],
    ["2026-13-01T00:00:00Z", undefined],
    ["2026-00-01T00:00:00Z", undefined],
    ["2026-01-00T00:00:00Z", undefined],
    ["2026-01-01T24:00:00Z", undefined],
    ["2026-01-01T00:60:00Z", undefined],
    ["2026-01-01T00:00:61Z", undefined],
    ["2026-01-01T00:00:00+24:00", undefined],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000_000],
    ["1969-12-31T19:30:00-04:30", 0],
    ["2026-01-01T00:00:00", undefined],
    ["2026-01-01", undefined],
    ["2026-01-01T00:00:00Z\n", undefined],
  ])("%j is read as %s", (text, micros) => {
    expect(parseMicros(text)).toBe(micros);
  });

  it("of a clock that tells fractions of a millisecond keep whole microseconds", () => {
    expect(toMicros(1.2345)).toBe(1_234);
  });
});
