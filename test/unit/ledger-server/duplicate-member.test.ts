import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duplicateMember } from "../../../src/ledger-server/duplicate-member.ts";

describe("duplicateMember", () => {
  it("finds none in anything that JSON.stringify writes, however it is indented", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom("", "  "), (value, indent) => {
        expect(duplicateMember(JSON.stringify(value, undefined, indent))).toBe(false);
      }),
    );
  });

  it("finds a name that stands twice in an object, wherever the object is", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), (name, before, inner) => {
        const member = `${JSON.stringify(name)}:${JSON.stringify(inner)}`;
        const text = `[${JSON.stringify(before)},{"":{${member} ,"x${name.length}":0, ${member}}}]`;
        expect(duplicateMember(text)).toBe(true);
      }),
    );
  });

  it.each([
    [String.raw`{"a":1,"\u0061":2}`, true],
    [String.raw`{"a\"":1,"a":2}`, false],
    [String.raw`{"\\":1,"\"":2}`, false],
    ['{"a":{"a":{"a":1}}}', false],
    ['[{"a":1},{"a":1}]', false],
    ['{"a":["a","a"],"b":"a"}', false],
    ['{"a":[{"b":1}],"a":2}', true],
    ['"a"', false],
  ])("%s: %s", (text, expected) => {
    expect(duplicateMember(text)).toBe(expected);
  });
});
