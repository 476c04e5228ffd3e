import fc from "fast-check";
import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";

/** Text as anybody may write it: line breaks, controls, lone surrogates, and names with a meaning. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "\n",
    "\r\n",
    "\u{0}",
    "\u{d800}",
    "a\u{dc00}b",
    "\u{2028}",
    "__proto__",
    '","crc32":"',
  ),
  fc.constantFrom("constructor", "toString", "entry", "crc32", "hasOwnProperty", ""),
);

const leaf = fc.oneof(
  text,
  fc.constantFrom<unknown>(NaN, Infinity, -Infinity, -0, null, undefined, 2 ** 53, 5e-324, 1e300),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 20 }),
  fc
    .constantFrom<() => unknown>(
      () => Symbol("s"),
      () => () => 1,
      () => new Error("an error\nof two lines"),
      () => new Map([[1, 2]]),
      () => new Date(NaN),
    )
    .map((make) => make()),
);

const pairs = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<object> =>
  fc.array(fc.tuple(text, value), { maxLength: 5 }).map((members) => withMembers(members));

/** Any value at all: nested, in a circle, with getters that throw, with traps that throw. */
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    pairs(tie("value")),
    pairs(tie("value")).map((object) => Object.assign(object, { self: object })),
    fc.constantFrom(throwingGetter, throwingTraps, endless).map((make) => make()),
  ),
})).value;

/** A record whose fields are what they should be, or anything; some of them cannot be read. */
export const foreignRecord: fc.Arbitrary<ReadableLogRecord> = fc
  .record(
    {
      hrTime: orAnything(fc.tuple(fc.nat({ max: 2 ** 33 }), fc.nat({ max: 999_999_999 }))),
      eventName: orAnything(text),
      severityNumber: orAnything(fc.integer({ min: -2, max: 30 })),
      severityText: orAnything(text),
      body: anything,
      attributes: orAnything(pairs(anything)),
      spanContext: orAnything(
        fc.record({
          traceId: orAnything(hex(32)),
          spanId: orAnything(hex(16)),
          traceFlags: orAnything(fc.integer({ min: -1, max: 256 })),
        }),
      ),
      resource: orAnything(fc.record({ attributes: pairs(anything) })),
      instrumentationScope: orAnything(fc.record({ name: text, version: orAnything(text) })),
    },
    { requiredKeys: [] },
  )
  .chain((record) =>
    fc.constantFrom(undefined, ...Object.keys(record)).map((unreadable) => {
      if (unreadable === undefined) return record;
      return Object.defineProperty({ ...record }, unreadable, { get: fail, enumerable: true });
    }),
  )
  .map((record) => record as unknown as ReadableLogRecord);

function orAnything(expected: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: expected, weight: 4 }, { arbitrary: anything, weight: 1 });
}

function hex(length: number): fc.Arbitrary<string> {
  const digit = fc.constantFrom(..."0123456789abcdefABCDEF".split(""));
  return fc.string({ unit: digit, minLength: length, maxLength: length });
}

/** Defined one by one, so that `__proto__` is a name like any other. */
function withMembers(members: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(members);
}

function fail(): never {
  throw new Error("nobody reads this");
}

function throwingGetter(): object {
  return Object.defineProperty({ beside: 1 }, "fails", { get: fail, enumerable: true });
}

function throwingTraps(): object {
  return new Proxy({}, { get: fail, ownKeys: fail, getOwnPropertyDescriptor: fail });
}

function endless(): object {
  let object: object = { end: true };
  for (let depth = 0; depth < 40; depth += 1) object = depth % 2 === 0 ? [object] : { in: object };
  return object;
}
