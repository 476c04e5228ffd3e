import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutToBytes, cutToJsonBytes, fitsBytes } from "../../../src/audit-schema/utf8.ts";

const texts = fc.string({ unit: fc.oneof(fc.string({ unit: "binary" }), fc.constant("\ud800")) });
const caps = fc.nat({ max: 40 });

describe("a text cut to bytes", () => {
  it("is the longest start in whole code points that fits", () => {
    fc.assert(
      fc.property(texts, caps, (text, maxBytes) => {
        let longest = "";
        for (const point of text.toWellFormed()) {
          if (Buffer.byteLength(longest + point) > maxBytes) break;
          longest += point;
        }
        expect(cutToBytes(text, maxBytes)).toBe(longest);
      }),
    );
  });

  it("as JSON fits with its quotes and escapes, and loses nothing that would have fitted", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 60 }), (text, maxBytes) => {
        const cut = cutToJsonBytes(text, maxBytes);
        expect(Buffer.byteLength(JSON.stringify(cut))).toBeLessThanOrEqual(maxBytes);
        const whole = text.toWellFormed();
        expect(whole.startsWith(cut)).toBe(true);
        expect(cut === whole).toBe(Buffer.byteLength(JSON.stringify(whole)) <= maxBytes);
      }),
    );
  });

  it("is said to fit just when it does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), caps, (text, maxBytes) => {
        expect(fitsBytes(text, maxBytes)).toBe(Buffer.byteLength(text) <= maxBytes);
      }),
    );
  });
});
