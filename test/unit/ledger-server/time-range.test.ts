import { describe, expect, it } from "vitest";
import { parseDateTimeRel } from "../../../src/ledger-server/time-range.ts";

const now = Date.parse("2026-11-20T10:00:00Z");
const ago = (text: string): number => now - (parseDateTimeRel(text, now) ?? Number.NaN) / 1_000;

describe("parseDateTimeRel", () => {
  it.each([
    ["90s", 90e3],
    ["120min", 7_200e3],
    ["2hrs", 7_200e3],
    ["7d", 604_800e3],
    ["1day", 86_400e3],
    ["1w", 604_800e3],
    ["2months", 60 * 86_400e3],
    ["1year", 365 * 86_400e3],
  ])("%s is %i milliseconds ago", (text, millis) => {
    expect(ago(text)).toBe(millis);
  });

  it("takes a time with single digits and no zone, as the document's pattern does, for UTC", () => {
    expect(parseDateTimeRel("2026-1-2T3:4:5", now)).toBe(
      Date.parse("2026-01-02T03:04:05Z") * 1_000,
    );
    expect(parseDateTimeRel("2026-1-2T3:4:5.5+1", now)).toBe(
      Date.parse("2026-01-02T02:04:05.500Z") * 1_000,
    );
  });

  it.each(["", "d", "-7d", "7", "7 d", "7fortnights", "2026-02-30T00:00:00", "now"])(
    "%j is no time",
    (text) => {
      expect(parseDateTimeRel(text, now)).toBeUndefined();
    },
  );
});
