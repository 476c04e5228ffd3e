import { createRequire } from "node:module";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonValue } from "../../../src/canonical/canonical-json.ts";

// The serializer inside pangea-node-sdk: whatever it gives is what the SDK hashes.
const sdkRequire = createRequire(createRequire(import.meta.url).resolve("pangea-node-sdk"));
const jsonCanon = sdkRequire("json-canon") as (value: unknown) => string;

const jsonValue = fc.jsonValue({ stringUnit: "grapheme", maxDepth: 6 });

describe("canonicalJson", () => {
  it("gives byte for byte what the Pangea SDK hashes, for every JSON value", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const parsed = JSON.parse(JSON.stringify(value)) as JsonValue;
        expect(canonicalJson(parsed)).toBe(jsonCanon(parsed));
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives the same text for the same value, whatever the order of its members", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (members) => {
        const reversed = Object.fromEntries(Object.entries(members).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(members));
      }),
    );
  });

  it("sorts members by UTF-16 code units and prints numbers as RFC 8785, section 3.2, shows", () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"\\ufb33":0,"\\ud83d\\ude00":1,"\\r":"\\u000a"}',
    ) as JsonValue;
    expect(canonicalJson(value)).toBe(
      '{"\\r":"\\n","numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"😀":1,"\ufb33":0}',
    );
  });

  it.each(['"\\ud800"', '{"\\udfff":1}', "1e400"])("has no text for %s", (json) => {
    expect(() => canonicalJson(JSON.parse(json) as JsonValue)).toThrow(/not allowed/);
  });

  it("takes a value nested a hundred thousand levels deep", () => {
    const text = "[".repeat(100_000) + "]".repeat(100_000);
    expect(canonicalJson(JSON.parse(text) as JsonValue)).toBe(text);
  });
});
