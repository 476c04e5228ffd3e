import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AuthlogError } from "../../../src/errors.ts";
import { chunks, deliverInParts } from "../../../src/pangea/deliver-in-parts.ts";
import type { Verdict } from "../../../src/pangea/outcome.ts";

const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", { message: "", why: "", fix: "" });

describe("a delivery in parts", () => {
  it("settles each item once, whichever are bad, and whether or not it is said which", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bad: fc.boolean() }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        async (items, maxItems, named) => {
          const taken: object[] = [];
          const sent: number[] = [];
          const send = async (part: readonly { bad: boolean }[]): Promise<Verdict> => {
            sent.push(part.length);
            const bad = part.flatMap((item, position) => (item.bad ? [position] : []));
            if (bad.length === 0) {
              taken.push(...part);
              return { status: "delivered" };
            }
            return named
              ? { status: "refused", events: new Map(bad.map((position) => [position, cause])) }
              : { status: "divisible", cause };
          };
          const outcome = await deliverInParts(chunks(items, maxItems), send);
          const good = items.filter(({ bad }) => !bad);
          expect(outcome.delivered).toEqual(good);
          expect(taken).toEqual(good);
          expect([...outcome.refused.keys()]).toEqual(items.filter(({ bad }) => bad));
          expect(Math.max(0, ...sent)).toBeLessThanOrEqual(maxItems);
          expect(sent.length).toBeLessThanOrEqual(2 * items.length);
        },
      ),
    );
  });

  it("stops at the first part that has to wait, and keeps what was settled before", async () => {
    const wait: Verdict = { status: "retryable", cause, retryAfterMillis: 5 };
    const sent: string[] = [];
    const outcome = await deliverInParts([["a"], ["b"], ["c"]], async ([item = ""]) => {
      sent.push(item);
      return item === "b" ? wait : { status: "delivered" };
    });
    expect(sent).toEqual(["a", "b"]);
    expect(outcome).toEqual({ delivered: ["a"], refused: new Map(), retry: wait });
  });
});
