import { describe, expect, it } from "vitest";
import type { AuditField, AuditRecord } from "../../../src/audit-schema/audit-schema.ts";
import {
  defineSchema,
  type FieldValue,
  type SchemaDefinition,
} from "../../../src/audit-schema/define-schema.ts";
import { canonicalJson } from "../../../src/canonical/canonical-json.ts";

const record: AuditRecord = {
  eventName: "app.order",
  timeUnixMillis: 0,
  attributes: { "log.record.uid": "01998f3e-7f5c-7e51-9b3a-0d5b2f6c1a77" },
};
const fields: Record<string, AuditField> = {
  message: { type: "string", maxBytes: 16 },
  who: { type: "string", maxBytes: 8 },
  note: { type: "text", maxBytes: 2 },
  count: { type: "integer" },
  ok: { type: "boolean" },
  at: { type: "datetime" },
  event_id: { type: "string" },
};

/** What becomes of the values that a mapping function gives. */
function mapped(values: unknown, definition: Partial<SchemaDefinition> = {}): unknown {
  const schema = defineSchema({
    name: "orders",
    fields,
    map: () => values as Record<string, FieldValue>,
    ...definition,
  });
  const result = schema.toEvent(record, { canonicalize: canonicalJson });
  return result.ok ? result.event : `${result.cause.code} ${result.cause.why}`;
}

function mapToNothing(): never {
  throw new Error("with a secret");
}

describe("a schema of an app's own", () => {
  it("gives an event of its fields, each of its type, in the order of their ids", () => {
    const event = mapped({ who: "ada", ok: false, at: new Date(0), count: 7, note: undefined });
    expect(JSON.stringify(event)).toBe(
      '{"at":"1970-01-01T00:00:00.000000Z","count":7,"ok":false,"who":"ada"}',
    );
  });

  it.each<[string, FieldValue, string]>([
    ["a date", new Date(1_500), "1970-01-01T00:00:01.500000Z"],
    ["a text without a fraction", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000Z"],
    ["a fraction that is shorter", "2026-01-01T00:00:00.12Z", "2026-01-01T00:00:00.120000Z"],
    ["microseconds", "2026-01-01T01:00:00.123456+01:00", "2026-01-01T00:00:00.123456Z"],
    ["a text that only JavaScript reads", "1 Jan 2026 UTC", "2026-01-01T00:00:00.000000Z"],
  ])("writes a time with six digits of seconds: %s", (_what, at, text) => {
    expect(mapped({ who: "ada", at })).toEqual({ who: "ada", at: text });
  });

  it("cuts a text that is too long where people see it, and never in half a character", () => {
    expect(mapped({ who: "ada lovelace" })).toEqual({ who: "ada l…" });
    expect(mapped({ who: "ééééééé" })).toEqual({ who: "éé…" });
    expect(mapped({ note: "too long" })).toEqual({ note: "to" });
    expect(mapped({ who: "a\u0000b\ud800" })).toEqual({ who: "a b\ufffd" });
  });

  it("gives a message only as verified calls of the SDK can read it back", () => {
    expect(mapped({ message: "123" })).toEqual({ message: '{"text":"123"}' });
  });

  it("sets the uid by itself, whatever the mapping function gives", () => {
    expect(mapped({ event_id: "mine" }, { uidField: "event_id" })).toEqual({
      event_id: "01998f3e-7f5c-7e51-9b3a-0d5b2f6c1a77",
    });
  });

  it("tells where the uid stands, where it has a place", () => {
    const definition = { name: "orders", fields, map: () => ({}) };
    expect(defineSchema(definition).uidPath).toBeUndefined();
    expect(defineSchema({ ...definition, uidField: "event_id" }).uidPath).toEqual(["event_id"]);
  });
});

describe("a record that does not fit has no event, and no value of it is told", () => {
  it.each<[string, unknown, string]>([
    ["an unknown field", { other: "x" }, "It has no field of the name other."],
    ["a name that is no id", { "a secret": 1 }, "of 8 characters that are not all allowed"],
    ["a text for a number", { count: "7" }, "What it has for count is no integer."],
    ["half a number", { count: 1.5 }, "What it has for count is no integer."],
    ["a number for a text", { who: 7 }, "What it has for who is no string."],
    ["no time", { at: "yesterday" }, "What it has for at is no datetime."],
    ["nothing at all", null, "Its mapping function threw."],
  ])("%s", (_name, values, why) => {
    expect(mapped(values)).toContain("ERR_AUTHLOG_RECORD_UNMAPPABLE");
    expect(mapped(values)).toContain(why);
  });

  it("a field that is missing and must not be", () => {
    const required = { ...fields, who: { type: "string", required: true } } as const;
    expect(mapped({}, { fields: required })).toContain("It has nothing for who.");
  });

  it("a uid that its field cannot hold", () => {
    const result = defineSchema({
      name: "orders",
      fields: { event_id: { type: "string", maxBytes: 36 } },
      uidField: "event_id",
      map: () => ({}),
    }).toEvent(
      { ...record, attributes: { "log.record.uid": "u".repeat(37) } },
      { canonicalize: canonicalJson },
    );
    expect(result).toMatchObject({ ok: false, cause: { why: expect.stringContaining("uid") } });
  });

  it("a mapping function that throws", () => {
    expect(mapped({}, { map: mapToNothing })).toBe(
      "ERR_AUTHLOG_RECORD_UNMAPPABLE Its mapping function threw.",
    );
  });
});

describe("a definition that no audit log could have is refused", () => {
  it.each<[string, Record<string, AuditField>, string | undefined]>([
    ["an id with a capital", { userId: { type: "string" } }, undefined],
    ["an id of 33 characters", { [`a${"b".repeat(32)}`]: { type: "string" } }, undefined],
    ["a size of nothing", { a: { type: "string", maxBytes: 0 } }, undefined],
    ["a size that Pangea does not have", { a: { type: "text", maxBytes: 40_000 } }, undefined],
    ["an unknown type", { a: { type: "json" as "text" } }, undefined],
    ["a uid field that is not declared", { a: { type: "string" } }, "event_id"],
    ["a uid field that is too short", { a: { type: "string", maxBytes: 35 } }, "a"],
    ["a uid field that is no text", { a: { type: "integer" } }, "a"],
  ])("%s", (_name, declared, uidField) => {
    const definition = {
      name: "x",
      fields: declared,
      map: () => ({}),
      ...(uidField && { uidField }),
    };
    expect(() => defineSchema(definition)).toThrow(
      expect.objectContaining({ code: "ERR_AUTHLOG_CONFIG_INVALID" }),
    );
  });
});
