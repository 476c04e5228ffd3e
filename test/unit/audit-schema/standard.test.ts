import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditRecord } from "../../../src/audit-schema/audit-schema.ts";
import { standardSchema } from "../../../src/audit-schema/standard.ts";
import { canonicalJson } from "../../../src/canonical/canonical-json.ts";
import { anyAttributes } from "./arbitraries.ts";

const map = (record: Partial<AuditRecord>, tenantId?: string): AuditEvent => {
  const mapped = standardSchema.toEvent(
    { eventName: "auth.sign_in", timeUnixMillis: 0, attributes: {}, ...record },
    { canonicalize: canonicalJson, tenantId },
  );
  if (!mapped.ok) throw mapped.cause;
  return mapped.event;
};

const detailsOf = (event: AuditEvent): Record<string, unknown> => JSON.parse(String(event["new"]));

const bytes = (value: unknown): number => Buffer.byteLength(String(value));

describe("the fields", () => {
  it("a failed attempt has the claimed identity as its target, never as its actor", () => {
    const attributes = {
      "auth.outcome": "failure",
      "auth.failure.reason": "invalid_credentials",
      "auth.attempted.identifier": "alice@example.com",
    };
    expect(map({ attributes, body: "Sign-in failed" }, "acme")).toEqual({
      message: "Sign-in failed",
      actor: "anonymous",
      action: "auth.sign_in",
      target: "alice@example.com",
      status: "failure:invalid_credentials",
      tenant_id: "acme",
      timestamp: "1970-01-01T00:00:00.000000Z",
      new: canonicalJson(attributes),
    });
  });

  it("the actor is the user's id, or else the e-mail address; the target the address", () => {
    const both = { "user.id": "u1", "user.email": "a@example.com" };
    expect(map({ attributes: both })).toMatchObject({ actor: "u1", target: "a@example.com" });
    expect(map({ attributes: { "user.email": "a@example.com" } })["actor"]).toBe("a@example.com");
    expect(map({ attributes: { "user.id": 7 } })).toMatchObject({ actor: "7", target: "7" });
  });

  it("the target of an action of the app's own is what it was done to, not who did it", () => {
    const attributes = { "user.email": "a@example.com", "auth.target": "invoice:42" };
    expect(map({ attributes })).toMatchObject({ actor: "a@example.com", target: "invoice:42" });
  });

  it("the context of the trace and of the service goes before attributes of the same name", () => {
    const event = map({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      serviceName: "shop",
      serviceVersion: "1.2.3",
      attributes: { trace_id: "forged", "log.record.uid": "u" },
    });
    expect(detailsOf(event)).toEqual({
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      span_id: "b7ad6b7169203331",
      "service.name": "shop",
      "service.version": "1.2.3",
      "log.record.uid": "u",
    });
  });

  it("a record without a body has its event name as the message", () => {
    expect(map({})["message"]).toBe("auth.sign_in");
    expect(map({ eventName: undefined })["message"]).toBe("log record");
  });

  it("a time that is none is left to the log", () => {
    expect(map({ timeUnixMillis: Number.NaN })).not.toHaveProperty("timestamp");
  });

  it("control characters do not reach the fields that people read", () => {
    expect(map({ attributes: { "user.id": "a\u001b[2Jb" } })["actor"]).toBe("a [2Jb");
  });
});

describe("what is too long", () => {
  it("is cut between code points, and named", () => {
    const event = map({
      eventName: `app.${"x".repeat(40)}`,
      body: "€".repeat(20_000),
      attributes: { "user.id": `${"x".repeat(127)}€`, "authlog.truncated": ["url.path"] },
    });
    expect(event["actor"]).toBe("x".repeat(127));
    expect(event["message"]).toBe("€".repeat(10_922));
    expect(bytes(event["action"])).toBe(32);
    expect(detailsOf(event)).toMatchObject({
      "authlog.truncated": ["url.path", "action", "actor", "message", "target"],
      "event.name": `app.${"x".repeat(40)}`,
      "user.id": `${"x".repeat(127)}€`,
    });
  });

  it("the longest attributes are shortened to one length, and named; the uid stays", () => {
    const uid = "u".repeat(500);
    const event = map({
      attributes: {
        "log.record.uid": uid,
        huge: '"'.repeat(1_000_000),
        list: Array.from({ length: 50_000 }, () => "item"),
        small: "stays",
      },
    });
    const details = detailsOf(event);
    expect(details).toMatchObject({
      "log.record.uid": uid,
      small: "stays",
      "authlog.truncated": ["huge", "list"],
    });
    expect(String(details["huge"])).toMatch(/^"+…$/);
    expect(String(details["list"])).toMatch(/^\["item",.*…$/);
    expect(bytes(event["new"])).toBeLessThanOrEqual(32_766);
    expect(bytes(event["new"])).toBeGreaterThan(30_000);
  });

  it("more attributes than fit are left out, and counted where naming them would not fit", () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`key.${index}`, "v".repeat(30)]),
    );
    const event = map({ attributes: { ...attributes, "log.record.uid": "last" } });
    const { "authlog.truncated": marker, ...details } = detailsOf(event);
    const named: string[] = JSON.parse(JSON.stringify(marker));
    expect(details["log.record.uid"]).toBe("last");
    const held = Object.keys(details).length - 1;
    expect(held).toBeGreaterThan(500);
    expect(named.slice(0, 1)).toEqual([`key.${held}`]);
    expect(Number(named.at(-1)) + named.length - 1 + held).toBe(10_000);
    expect(bytes(event["new"])).toBeLessThanOrEqual(32_766);
  });

  it("a uid that does not fit is refused with a code", () => {
    const mapped = standardSchema.toEvent(
      { timeUnixMillis: 0, attributes: { "log.record.uid": "u".repeat(40_000) } },
      { canonicalize: canonicalJson },
    );
    expect(mapped).toMatchObject({ ok: false, cause: { code: "ERR_AUTHLOG_RECORD_UNMAPPABLE" } });
  });
});

describe("foreign records", () => {
  it("what JSON does not have becomes text, and what cannot be read a mark", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const attributes = {
      bigint: 10n,
      nan: Number.NaN,
      date: new Date(0),
      bytes: new Uint8Array([1, 2]),
      cycle,
      nothing: undefined,
      error: new TypeError("why"),
      lone: "\ud800",
      get broken(): string {
        throw new Error("read");
      },
      deep: { a: { "\udfff": [1n, null, undefined] } },
    };
    expect(detailsOf(map({ attributes }))).toEqual({
      bigint: "10",
      nan: "NaN",
      date: "1970-01-01T00:00:00.000Z",
      bytes: "AQI=",
      cycle: ["[circular]"],
      error: "TypeError: why",
      lone: "\ufffd",
      broken: "[unreadable]",
      deep: { a: { "\ufffd": ["1", null, null] } },
    });
  });

  it("attributes that throw when listed are refused with a code", () => {
    const attributes = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("listed");
        },
      },
    );
    const mapped = standardSchema.toEvent(
      { timeUnixMillis: 0, attributes },
      { canonicalize: canonicalJson },
    );
    expect(mapped).toMatchObject({ ok: false, cause: { code: "ERR_AUTHLOG_RECORD_UNMAPPABLE" } });
  });

  it("any attributes give an event within every cap, with its uid, as canonical JSON", () => {
    const caps = {
      message: 32_766,
      new: 32_766,
      actor: 128,
      target: 128,
      source: 128,
      action: 32,
      status: 32,
    };
    fc.assert(
      fc.property(anyAttributes, fc.uuid(), fc.anything(), (attributes, uid, body) => {
        const event = map({ attributes: { ...attributes, "log.record.uid": uid }, body });
        for (const [field, cap] of Object.entries(caps)) {
          expect(bytes(event[field] ?? "")).toBeLessThanOrEqual(cap);
          expect(String(event[field]).isWellFormed()).toBe(true);
        }
        expect(canonicalJson(JSON.parse(String(event["new"])))).toBe(event["new"]);
        expect(detailsOf(event)["log.record.uid"]).toBe(uid);
      }),
      { numRuns: 300 },
    );
  });
});
