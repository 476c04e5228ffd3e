import * as fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson, type JsonValue } from "../../../src/canonical/canonical-json.ts";
import { defineSchema } from "../../../src/audit-schema/define-schema.ts";
import { eventSchemaOf } from "../../../src/ledger-server/event-schema.ts";
import { logRequestSchemas } from "../../../src/ledger-server/log-request.ts";
import { validate } from "../../../src/ledger-server/validation.ts";

const schema = eventSchemaOf(
  defineSchema({
    name: "own",
    fields: {
      z: { type: "text", maxBytes: 10_000 },
      ok: { type: "boolean" },
      a_1: { type: "string", maxBytes: 10_000 },
      a10: { type: "string-unindexed", maxBytes: 10_000 },
      n: { type: "integer" },
    },
    map: () => ({}),
  }),
);
if (schema === undefined) throw new Error("The schema is none.");
const { bulk } = logRequestSchemas(schema);

const text = fc.string({ unit: "grapheme" });
const members = fc.record(
  { z: text, ok: fc.boolean(), a_1: text, a10: text, n: fc.maxSafeInteger() },
  { requiredKeys: [] },
);

it("an event is sealed as RFC 8785 writes it, in whatever order its members come", () => {
  fc.assert(
    fc.property(members, fc.infiniteStream(fc.nat()), (event, dice) => {
      const shuffled = Object.entries(event)
        .map((member) => ({ member, at: dice.next().value }))
        .toSorted((left, right) => left.at - right.at)
        .map(({ member }) => member);
      const sent = JSON.parse(JSON.stringify(Object.fromEntries(shuffled))) as JsonValue;
      const { items } = validate(bulk, { events: [{ event: sent }] });
      expect(items[0]?.event).toBe(canonicalJson(sent));
    }),
    { numRuns: 500 },
  );
});
