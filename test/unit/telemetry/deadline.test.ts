import { expect, it } from "vitest";
import { deadlineIn } from "../../../src/telemetry/deadline.ts";

/** Which of two deadlines comes first, by their places. */
async function firstOf(...timeoutsMillis: number[]): Promise<number> {
  const deadlines = timeoutsMillis.map(deadlineIn);
  const first = await Promise.race(
    deadlines.map(({ reached }, place) => reached.then(() => place)),
  );
  for (const deadline of deadlines) deadline.cancel();
  return first;
}

it.each([Infinity, Number.MAX_VALUE, 2 ** 31])(
  "a deadline in %d ms, longer than a timer can wait, is not reached at once",
  async (timeoutMillis) => {
    expect(await firstOf(timeoutMillis, 5)).toBe(1);
  },
);

it.each([Number.NaN, -Infinity, -1])("a deadline in %d ms is reached at once", async (millis) => {
  expect(await firstOf(600_000, millis)).toBe(1);
});
