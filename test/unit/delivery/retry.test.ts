import { describe, expect, it } from "vitest";
import { pauseMillis, retryDefaults } from "../../../src/delivery/retry.ts";

const pause = (retryAfterMillis: number): number =>
  pauseMillis({ failures: 1, random: 0, retryAfterMillis });

describe("a pause", () => {
  it("doubles with each failure, up to the most that it may be", () => {
    const longest = [1, 2, 3, 8, 9, 10_000].map((failures) => pauseMillis({ failures, random: 1 }));
    expect(longest).toEqual([500, 1000, 2000, 60_000, 60_000, 60_000]);
  });

  it("has full jitter: a random part of that, from nothing on", () => {
    expect(pauseMillis({ failures: 3, random: 0 })).toBe(0);
    expect(pauseMillis({ failures: 3, random: 0.25 })).toBe(500);
  });

  it("is as long as the receiver asks for, up to the most that it may be", () => {
    expect([pause(7_000), pause(3_600_000)]).toEqual([7_000, 60_000]);
  });

  it("is no longer than that, however often the receiver failed before", () => {
    expect(pauseMillis({ failures: 10, random: 1, retryAfterMillis: 1000 })).toBe(1000);
  });

  it("is as long as the app says", () => {
    const options = { ...retryDefaults, initialBackoffMillis: 10, maxBackoffMillis: 15 };
    expect([1, 2].map((failures) => pauseMillis({ failures, random: 1 }, options))).toEqual([
      10, 15,
    ]);
  });
});
