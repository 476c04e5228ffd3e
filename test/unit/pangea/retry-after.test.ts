import { describe, expect, it } from "vitest";
import { parseRetryAfter } from "../../../src/pangea/retry-after.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const inAMinute = "Thu, 01 Jan 2026 00:01:00 GMT";
const dayBefore = "Wed, 31 Dec 2025 00:00:00 GMT";

describe("a Retry-After", () => {
  it.each([
    ["0", 0],
    ["007", 7_000],
    ["3600", 3_600_000],
  ])("of %j is so many seconds", (retryAfter, millis) => {
    expect(parseRetryAfter({ retryAfter }, now)).toBe(millis);
  });

  it("that is a date counts from the receiver's own time, or from ours where it tells none", () => {
    expect(parseRetryAfter({ retryAfter: inAMinute }, now)).toBe(60_000);
    expect(parseRetryAfter({ retryAfter: inAMinute, date: dayBefore }, now)).toBe(86_460_000);
    expect(parseRetryAfter({ retryAfter: inAMinute, date: "0.1" }, now)).toBe(60_000);
    expect(parseRetryAfter({ retryAfter: dayBefore }, now)).toBe(0);
  });

  it.each([
    "",
    "-5",
    "+7",
    "0.1",
    "1.5",
    "1e3",
    "7 s",
    "Infinity",
    "NaN",
    "Invalid Date",
    "2026-01-01T00:01:00Z",
    "Thu, 01 Jan 2026 00:01:00",
    "Fri, 01 Jan 2026 00:01:00 GMT",
    "Thu, 31 Feb 2026 00:01:00 GMT",
  ])("of %j is none", (retryAfter) => {
    expect(parseRetryAfter({ retryAfter }, now)).toBeUndefined();
  });
});
