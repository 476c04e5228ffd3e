import * as fc from "fast-check";

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;

const throwing = Object.defineProperty({}, "secret", {
  enumerable: true,
  get: () => {
    throw new Error("read");
  },
});

/** Values that a foreign library may hand in, and that JSON does not have. */
const awkward = fc.constantFrom<unknown>(
  cycle,
  throwing,
  10n ** 400n,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  -0,
  new Date(Number.NaN),
  new Date(0),
  new Error("why"),
  new Uint8Array([0, 255]),
  new Map([["a", 1]]),
  "\ud800 lone",
  "x".repeat(40_000),
  "é".repeat(20_000),
  Array.from({ length: 40_000 }, (_, index) => index),
  undefined,
  null,
  () => undefined,
  Symbol("s"),
);

/** Attributes as nobody should emit them. */
export const anyAttributes: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(
  fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("user.id", "auth.outcome", "trace_id")),
  fc.oneof(awkward, fc.anything({ withBigInt: true, withDate: true, withMap: true })),
);
