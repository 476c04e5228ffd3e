import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeadLetter, DeadLetters } from "../../../src/delivery/dead-letter.ts";
import { Losses } from "../../../src/delivery/losses.ts";
import type { AuthLogRecord } from "../../../src/slot.ts";
import { createComponent } from "../../../src/telemetry/self-metrics.ts";
import { attributes } from "../../../src/vocabulary.ts";
import { numberedRecord } from "../../support/journal.ts";
import { causeOf } from "../../support/letters.ts";
import { seeded } from "../../support/random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(() => void process.off("unhandledRejection", note));

interface Buried {
  kept: number;
  told: AuthLogRecord[];
}

/** Buries two records, by dead letters of an app's own. */
async function bury(deadLetters: DeadLetters): Promise<Buried> {
  const told: AuthLogRecord[] = [];
  const losses = new Losses({
    component: createComponent("test"),
    clock: new SimulatedClock(seeded(1)),
    deadLetters,
    durable: true,
    sink: (record) => told.push(record),
  });
  const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED");
  const records = [1, 2].map((n) => ({ record: numberedRecord(n), mayBeThere: n === 2 }));
  let kept = 0;
  losses.bury(
    records,
    records.map((_, index) => ({ index, cause })),
    () => (kept += 1),
  );
  await losses.buried();
  losses.tell();
  // A rejection that nobody handles is told by then.
  await setImmediate();
  return { kept, told };
}

const fails = (): never => {
  throw new Error("secret");
};
/** What JavaScript may give, whatever the types say. */
const absurd = (value: unknown): never => value as never;

describe("dead letters of an app's own", () => {
  it.each<[string, DeadLetters]>([
    ["write() throws", { write: fails }],
    ["write() is async", { write: () => absurd(Promise.reject(new Error("secret"))) }],
    ["write() returns nothing", { write: () => absurd(undefined) }],
    ["write() returns others", { write: () => absurd([{}]) }],
    ["onDisk() throws", { write: () => [], onDisk: fails }],
    ["onDisk() returns nothing", { write: () => [], onDisk: () => absurd(undefined) }],
  ])("whose %s keep none: all are told as gone", async (_, deadLetters) => {
    const { kept, told } = await bury(deadLetters);
    expect(kept).toBe(1);
    expect(told.map(({ attributes: values }) => values)).toMatchObject([
      { [attributes.gapCode]: "ERR_AUTHLOG_DEAD_LETTER_FAILED", [attributes.gapCount]: 2 },
    ]);
    expect(watched.diagnostics.map(({ code }) => code)).toContain("ERR_AUTHLOG_DEAD_LETTER_FAILED");
    expect(unhandled).toEqual([]);
  });

  it("are told which the destination may have", async () => {
    const letters: DeadLetter[] = [];
    const { told } = await bury({ write: (more) => (letters.push(...more), []) });
    expect(letters.map(({ mayBeThere }) => mayBeThere)).toEqual([undefined, true]);
    expect(told).toEqual([]);
  });
});
