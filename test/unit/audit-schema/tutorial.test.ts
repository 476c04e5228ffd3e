import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditRecord } from "../../../src/audit-schema/audit-schema.ts";
import { tutorialSchema, tutorialWithIdsSchema } from "../../../src/audit-schema/tutorial.ts";
import { canonicalJson } from "../../../src/canonical/canonical-json.ts";

const user = {
  "log.record.uid": "01998f3e-7f5c-7e51-9b3a-0d5b2f6c1a77",
  "auth.outcome": "success",
  "user.id": "u1",
  "user.email": "ada@example.com",
  "user.full_name": "Ada Lovelace",
};

function eventOf(
  eventName: string,
  attributes: Record<string, unknown> = user,
  schema = tutorialSchema,
  more: Partial<AuditRecord> = {},
): AuditEvent {
  const record = { eventName, timeUnixMillis: 0, body: "a sentence", attributes, ...more };
  const result = schema.toEvent(record, { canonicalize: canonicalJson });
  if (!result.ok) throw result.cause;
  return result.event;
}

describe("the tutorial's schema", () => {
  it("logs a sign-in with the tutorial's fields and words", () => {
    expect(eventOf("auth.sign_in")).toEqual({
      message: "User logged in",
      action: "login",
      email: "ada@example.com",
      name: "Ada Lovelace",
      target: "ada@example.com",
    });
  });

  it.each([
    ["auth.sign_in", { "auth.user.is_new": true }, "signup", "User signed up"],
    ["auth.sign_out", {}, "logout", "User logged out"],
    ["auth.account.link", {}, "auth.account.link", "a sentence"],
    ["billing.refund", {}, "billing.refund", "a sentence"],
  ])("%s with %j is %s", (name, more, action, message) => {
    expect(eventOf(name, { ...user, ...more })).toMatchObject({ action, message });
  });

  it("tells a failure with its reason, and the claimed identity as target alone", () => {
    const attributes = {
      "auth.outcome": "failure",
      "auth.failure.reason": "invalid_credentials",
      "auth.attempted.identifier": "eve@example.com",
    };
    expect(eventOf("auth.sign_in", attributes)).toEqual({
      message: "User failed to log in: invalid_credentials",
      action: "login_failed",
      target: "eve@example.com",
    });
    expect(eventOf("auth.sign_out", { "auth.outcome": "failure" })).toEqual({
      message: "User failed to log out",
      action: "logout_failed",
    });
  });

  it("has a place for the ids only where it is asked for one", () => {
    expect(tutorialSchema.uidPath).toBeUndefined();
    expect(eventOf("auth.sign_in")).not.toHaveProperty("event_id");
    expect(tutorialWithIdsSchema.uidPath).toEqual(["event_id"]);
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    expect(eventOf("auth.sign_in", user, tutorialWithIdsSchema, { traceId })).toMatchObject({
      event_id: "01998f3e-7f5c-7e51-9b3a-0d5b2f6c1a77",
      trace_id: traceId,
    });
  });

  it("makes something of any record", () => {
    expect(eventOf("", {}, tutorialSchema, { body: "" })).toEqual({
      action: "log",
      message: "log",
    });
    const hostile = new Proxy({}, { get: () => ({}) });
    expect(eventOf("auth.sign_in", hostile)).toMatchObject({ action: "login" });
  });
});
