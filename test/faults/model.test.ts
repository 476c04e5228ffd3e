import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { getSlot } from "../../src/slot.ts";
import { attributes } from "../../src/vocabulary.ts";
import { otelLines } from "../support/otel-lines.ts";
import { watchSlot } from "../support/slot.ts";
import { type Happening, ModelledWorld, type ModelSetUp } from "./support/modelled-world.ts";

watchSlot();

const long = process.env.TEST_AUTHLOG_LONG === "1";
const runs = long ? 1500 : 100;
const seed = Number(process.env.TEST_AUTHLOG_SEED ?? 20_261_123);

const setUps: fc.Arbitrary<ModelSetUp> = fc.record({
  durability: fc.constantFrom("process" as const, "disk" as const),
  maxInFlight: fc.constantFrom(1, 1, 3),
  maxQueueSize: fc.constantFrom(4, 10, 1000),
  maxBytes: fc.constantFrom(4000, 20_000, 1_000_000),
  onFull: fc.constantFrom("drop-newest" as const, "drop-oldest" as const),
  lettersLost: fc.boolean(),
  seed: fc.nat(),
});

const answers = fc.record({
  type: fc.constant("answer" as const),
  index: fc.nat(10),
  outcome: fc.constantFrom(
    "delivered" as const,
    "delivered" as const,
    "retryable" as const,
    "rejected" as const,
    "in-part" as const,
    "throw" as const,
  ),
});

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("emit" as const),
      count: fc.integer({ min: 1, max: 12 }),
      reject: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: answers },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("time" as const),
      millis: fc.constantFrom(0, 1, 500, 1000, 5000, 61_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom(
        "flush" as const,
        "settle" as const,
        "restart" as const,
        "shutdown" as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("disk" as const), broken: fc.boolean() }),
  },
);

interface Account {
  missing: number[];
  told: number;
  twice: number[];
  both: number[];
  issuedByNobody: number[];
}

/** What must have become of each record, and did not. */
function accountOf(world: ModelledWorld): Account {
  const { emitted, delivered, dead, gaps } = world;
  const all = Array.from({ length: emitted }, (_, n) => n + 1);
  return {
    missing: all.filter((n) => !delivered.has(n) && !dead.has(n)),
    told: gaps.reduce((sum, gap) => sum + Number(gap.attributes[attributes.gapCount]), 0),
    twice: [...delivered].filter(([, times]) => times > 1).map(([n]) => n),
    both: all.filter((n) => delivered.has(n) && dead.has(n)),
    issuedByNobody: [...delivered.keys()].filter((n) => !(n >= 1 && n <= emitted)),
  };
}

/** Whether an event of a gap says that the record may be one of those that are gone. */
function isCovered(world: ModelledWorld, sequence: number): boolean {
  return world.gaps.some(({ attributes: values }) => {
    const [first, last] = [values[attributes.gapFirstSequence], values[attributes.gapLastSequence]];
    // Of damage in between it is not always known.
    return first === undefined || (Number(first) <= sequence && sequence <= Number(last));
  });
}

async function live(
  world: ModelledWorld,
  script: readonly Happening[],
  check: (world: ModelledWorld) => void,
): Promise<void> {
  // A record that is lost twice is said twice.
  getSlot().onDiagnostic = () => {};
  try {
    for (const happening of script) {
      await world.happen(happening);
      check(world);
    }
    await world.recover();
  } finally {
    await world.close();
  }
}

describe.each(otelLines)("whatever happens, in $name", (line) => {
  it(`every record is delivered once, a dead letter, or told as gone (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(setUps, fc.array(happenings, { maxLength: 40 }), async (setUp, script) => {
        const world = new ModelledWorld(line, setUp);
        await live(world, script, () => {
          if (setUp.maxInFlight > 1 || world.everBroken) return;
          // Records start in their order.
          expect(world.firstTried).toEqual(world.firstTried.toSorted((a, b) => a - b));
        });
        const { missing, told, twice, both, issuedByNobody } = accountOf(world);
        expect({ twice, both, issuedByNobody }).toEqual({
          twice: [],
          both: [],
          issuedByNobody: [],
        });
        // What only memory held while the disk failed goes with a process that dies then.
        const untold = missing.filter((n) => !world.emittedUnsafely.has(n) && !isCovered(world, n));
        // So does what was counted, and not yet told as the disk failed: it was said to be gone.
        expect(untold.length).toBeLessThanOrEqual(world.everBroken ? world.dropped : 0);
        expect(world.everBroken ? missing.length : told).toBe(missing.length);
      }),
      { seed, numRuns: runs },
    );
  });

  it("in memory alone, it holds no more than it may, and loses what a process leaves", async () => {
    let lost = 0;
    await fc.assert(
      fc.asyncProperty(setUps, fc.array(happenings, { maxLength: 40 }), async (setUp, script) => {
        const world = new ModelledWorld(line, { ...setUp, durability: "memory" });
        await live(world, script, () => {});
        const gapsOfAllCauses = script.length;
        expect(world.mostHeld).toBeLessThanOrEqual(setUp.maxQueueSize + gapsOfAllCauses);
        const { missing, twice, both } = accountOf(world);
        expect({ twice, both }).toEqual({ twice: [], both: [] });
        lost += missing.length;
      }),
      { seed, numRuns: Math.ceil(runs / 2) },
    );
    // The protection switched off: this is what the other property would find.
    expect(lost).toBeGreaterThan(0);
  });
});
