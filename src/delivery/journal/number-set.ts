/** Numbers from one to another, both included. */
export type Range = readonly [first: number, last: number];

/**
 * A set of whole numbers that mostly follow one another, kept as ranges: a million of them take the
 * room of the few gaps between them.
 */
export class NumberSet {
  /** Sorted, and none touches another. */
  readonly #ranges: [first: number, last: number][] = [];
  #size = 0;

  /** How many numbers are in it. */
  get size(): number {
    return this.#size;
  }

  /** The ranges, in order. */
  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  has(number: number): boolean {
    const range = this.#ranges[this.#indexFrom(number)];
    return range !== undefined && range[0] <= number;
  }

  /** Whether every number of the range is in it. An empty range is. */
  covers([first, last]: Range): boolean {
    if (first > last) return true;
    const range = this.#ranges[this.#indexFrom(first)];
    return range !== undefined && range[0] <= first && last <= range[1];
  }

  /** The first number, from `from` on, that is not in it. */
  firstMissing(from: number): number {
    const range = this.#ranges[this.#indexFrom(from)];
    return range !== undefined && range[0] <= from ? range[1] + 1 : from;
  }

  /** The first number, from `from` on, that is in it; `Infinity` if there is none. */
  nextFrom(from: number): number {
    return Math.max(from, this.#ranges[this.#indexFrom(from)]?.[0] ?? Infinity);
  }

  /** How many numbers of the range are not in it, nor in the other. */
  countMissing([first, last]: Range, other: NumberSet = none): number {
    let count = 0;
    let number = first;
    while (number <= last && number < Infinity) {
      const missing = other.firstMissing(this.firstMissing(number));
      if (missing > number) number = missing;
      else {
        const next = Math.min(this.nextFrom(number), other.nextFrom(number), last + 1);
        count += next - number;
        number = next;
      }
    }
    return count;
  }

  add([first, last]: Range): void {
    if (first > last) return;
    // From the first range that reaches up to the new one, to the last that it reaches up to.
    const start = this.#indexFrom(first - 1);
    let end = start;
    let [low, high] = [first, last];
    for (; end < this.#ranges.length; end += 1) {
      const [otherFirst, otherLast] = this.#ranges[end] ?? [0, 0];
      if (otherFirst > last + 1) break;
      [low, high] = [Math.min(low, otherFirst), Math.max(high, otherLast)];
      this.#size -= otherLast - otherFirst + 1;
    }
    this.#ranges.splice(start, end - start, [low, high]);
    this.#size += high - low + 1;
  }

  /** Index of the first range that ends at the number or after it. */
  #indexFrom(number: number): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[1] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const none = new NumberSet();

/** The ranges of a list of numbers, in their order. */
export function rangesOf(numbers: readonly number[]): Range[] {
  const ranges: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && number <= last[1] + 1) last[1] = Math.max(last[1], number);
    else ranges.push([number, number]);
  }
  return ranges;
}
