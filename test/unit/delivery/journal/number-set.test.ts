import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumberSet, type Range, rangesOf } from "../../../../src/delivery/journal/number-set.ts";

const top = 40;
const range = fc
  .tuple(fc.integer({ min: 1, max: top }), fc.integer({ min: 0, max: 8 }), fc.boolean())
  .map(([first, length, empty]): Range => [first, empty ? first - 1 : first + length]);

const numbersOf = ([first, last]: Range): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n);

describe("a set of numbers", () => {
  it("says of every number and range what a plain set says", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 25 }), range, (added, asked) => {
        const set = new NumberSet();
        const model = new Set<number>();
        for (const one of added) {
          set.add(one);
          for (const number of numbersOf(one)) model.add(number);
          expect(set.size).toBe(model.size);
        }
        for (let number = 0; number <= top + 10; number += 1) {
          expect(set.has(number)).toBe(model.has(number));
          let missing = number;
          while (model.has(missing)) missing += 1;
          expect(set.firstMissing(number)).toBe(missing);
        }
        const inRange = numbersOf(asked);
        expect(set.covers(asked)).toBe(inRange.every((number) => model.has(number)));
        expect(set.countMissing(asked)).toBe(inRange.filter((n) => !model.has(n)).length);
        // What is stored is as short as it can be.
        expect(set.ranges).toEqual(rangesOf([...model]));
        for (const [index, [first]] of set.ranges.entries()) {
          expect(first).toBeGreaterThan((set.ranges[index - 1]?.[1] ?? -1) + 1);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("counts what is missing up to no end", () => {
    const set = new NumberSet();
    set.add([1, 4]);
    expect(set.countMissing([1, Infinity])).toBe(Infinity);
    expect(set.countMissing([1, Infinity], set)).toBe(Infinity);
  });

  it("counts what is missing in two of them", () => {
    const ranges = fc.array(range, { maxLength: 10 });
    fc.assert(
      fc.property(ranges, ranges, range, (added, addedToOther, asked) => {
        const [set, other] = [new NumberSet(), new NumberSet()];
        for (const one of added) set.add(one);
        for (const one of addedToOther) other.add(one);
        const missing = numbersOf(asked).filter((n) => !set.has(n) && !other.has(n));
        expect(set.countMissing(asked, other)).toBe(missing.length);
      }),
    );
  });

  it("takes the room of its gaps, not of its numbers", () => {
    const set = new NumberSet();
    for (let number = 1; number <= 1e6; number += 2) set.add([number, number + 1]);
    expect([set.size, set.ranges.length]).toEqual([1e6, 1]);
  });
});

describe("ranges of a list", () => {
  it("hold its numbers, each once", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: top })), (numbers) => {
        const found = rangesOf(numbers).flatMap(numbersOf);
        expect(found).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
      }),
    );
  });
});
