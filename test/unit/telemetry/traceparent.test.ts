import { expect, it } from "vitest";
import { parseTraceparent } from "../../../src/telemetry/traceparent.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const span = "00f067aa0ba902b7";

it("reads the caller's span, and of a later version what it knows", () => {
  const parsed = { traceId: trace, spanId: span, traceFlags: 1, isRemote: true };
  expect(parseTraceparent(`00-${trace}-${span}-01`)).toEqual(parsed);
  expect(parseTraceparent(`00-${trace}-${span}-fe`)).toEqual({ ...parsed, traceFlags: 0 });
  expect(parseTraceparent(`cc-${trace}-${span}-01-what-comes`)).toEqual(parsed);
});

it.each([
  ["nothing", ""],
  ["a version that is none", `ff-${trace}-${span}-01`],
  ["more than version 00 has", `00-${trace}-${span}-01-more`],
  ["no trace", `00-${"0".repeat(32)}-${span}-01`],
  ["no span", `00-${trace}-${"0".repeat(16)}-01`],
  ["capitals", `00-${trace.toUpperCase()}-${span}-01`],
  ["a line feed behind it", `00-${trace}-${span}-01\n`],
])("takes %s for no span", (_, header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});
