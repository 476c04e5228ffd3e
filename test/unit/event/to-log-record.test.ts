import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuthEvent } from "../../../src/event/auth-event.ts";
import { toLogRecord } from "../../../src/event/to-log-record.ts";
import { attributes, eventNames, failureReasons, outcomes } from "../../../src/vocabulary.ts";

const identity = { uid: "0199-uid", producerId: "producer", sequence: 7 };
const framework = { name: "next-auth", version: "5" };
const known: ReadonlySet<string> = new Set(Object.values(attributes));

const signIn: AuthEvent = {
  name: eventNames.signIn,
  timeUnixMillis: 1_700_000_000_123,
  outcome: outcomes.success,
  user: { id: "42", email: "alice@example.com" },
  provider: { id: "github", type: "oauth" },
  framework,
};

describe("a record", () => {
  it("carries name, time, severity, a sentence and its identity", () => {
    expect(toLogRecord(signIn, identity)).toEqual({
      eventName: "auth.sign_in",
      timeUnixMillis: 1_700_000_000_123,
      severityNumber: 9,
      severityText: "INFO",
      body: "alice@example.com signed in with github",
      attributes: {
        "log.record.uid": "0199-uid",
        "authlog.producer.id": "producer",
        "authlog.sequence": 7,
        "auth.outcome": "success",
        "user.id": "42",
        "user.email": "alice@example.com",
        "auth.provider.id": "github",
        "auth.provider.type": "oauth",
        "auth.framework.name": "next-auth",
        "auth.framework.version": "5",
      },
    });
  });

  it.each([
    [failureReasons.invalidCredentials, "WARN"],
    [failureReasons.configuration, "ERROR"],
  ])("of a failure by %s is of severity %s", (reason, severityText) => {
    const event: AuthEvent = {
      name: eventNames.signIn,
      timeUnixMillis: 0,
      outcome: outcomes.failure,
      reason,
      framework,
    };
    expect(toLogRecord(event, identity)).toMatchObject({
      severityText,
      body: `Somebody failed to sign in: ${reason.replace("_", " ")}`,
    });
  });

  it("is frozen, down to its attributes", () => {
    const record = toLogRecord(signIn, identity);
    expect(Object.isFrozen(record)).toBe(true);
    expect(Object.isFrozen(record.attributes)).toBe(true);
  });
});

describe("privacy", () => {
  it("a value that is too long is cut, and its name stands in authlog.truncated", () => {
    const request = { userAgent: "x".repeat(10_000), path: "/ok" };
    const record = toLogRecord({ ...signIn, request }, identity);
    expect(record.attributes["user_agent.original"]).toBe("x".repeat(512));
    expect(record.attributes["authlog.truncated"]).toEqual(["user_agent.original"]);
  });

  it.each([
    ["a colour", "\u001b[31madmin\u001b[0m", "\uFFFDadmin\uFFFD"],
    ["a title sequence", "a\u001b]0;root\u0007b", "a\uFFFDb"],
    ["line breaks", "a\r\nb", "a\uFFFD\uFFFDb"],
    ["NUL and C1", "a\u0000\u009bb", "a\uFFFD\uFFFDb"],
    ["a lone surrogate", "a\ud800b", "a\uFFFDb"],
    ["marks that reorder text", "a\u202eb\u2066", "a\uFFFDb\uFFFD"],
  ])("%s never reaches a record, and leaves a mark", (_, name, clean) => {
    const record = toLogRecord({ ...signIn, user: { fullName: name } }, identity);
    expect(record.attributes["user.full_name"]).toBe(clean);
  });

  it("a pseudonym stands in the place of its value everywhere, the sentence too", () => {
    const event = { ...signIn, attemptedIdentifier: "bob@example.com" };
    const record = toLogRecord(event, identity, (name, text) =>
      name === attributes.userEmail || name === attributes.attemptedIdentifier ? "p:1" : text,
    );
    expect(record.body).toBe("p:1 signed in with github");
    expect(record.attributes).toMatchObject({
      "user.id": "42",
      "user.email": "p:1",
      "auth.attempted.identifier": "p:1",
    });
    expect(JSON.stringify(record)).not.toContain("example.com");
  });

  it("what may not be told is left out everywhere", () => {
    const user = { email: "a".repeat(1000) };
    const record = toLogRecord({ ...signIn, user }, identity, (name, text) =>
      name === attributes.userEmail ? undefined : text,
    );
    expect(record.body).toBe("Somebody signed in with github");
    expect(record.attributes).not.toHaveProperty(attributes.userEmail);
    expect(record.attributes).not.toHaveProperty(attributes.truncated);
  });

  it("a value is capped and cleaned before its pseudonym is made, and none is made of a pseudonym", () => {
    const told: string[] = [];
    const event = {
      ...signIn,
      user: { id: `\u0000${"x".repeat(1000)}` },
      attemptedIdentifier: { pseudonym: "p:1" },
      session: { pseudonym: "p:2" },
    };
    const record = toLogRecord(event, identity, (name, text) => {
      if (name === attributes.userId) told.push(text);
      return name === attributes.userId ? "p:3" : text;
    });
    expect(told).toEqual([`\uFFFD${"x".repeat(255)}`]);
    expect(record.attributes).toMatchObject({
      "user.id": "p:3",
      "auth.attempted.identifier": "p:1",
      "session.id": "p:2",
      "authlog.truncated": ["user.id"],
    });
  });

  it("any event of any texts becomes a valid record of known attributes within their caps", () => {
    const text = fc.string({ unit: "binary", maxLength: 2000 });
    const optional = fc.option(text, { nil: undefined });
    const user = fc.record({ id: text, email: text, fullName: text }, { requiredKeys: [] });
    fc.assert(
      fc.property(optional, optional, user, (attempted, agent, who) => {
        const record = toLogRecord(
          {
            ...signIn,
            user: who,
            ...(attempted !== undefined && { attemptedIdentifier: attempted }),
            request: { ...(agent !== undefined && { userAgent: agent }) },
          },
          identity,
        );
        for (const [name, value] of Object.entries(record.attributes)) {
          expect(known.has(name)).toBe(true);
          if (typeof value !== "string") continue;
          expect(value.length).toBeLessThanOrEqual(512);
          expect(value.isWellFormed()).toBe(true);
          // oxlint-disable-next-line no-control-regex -- to find control characters is what it is for
          expect(value).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        }
        expect(record.body.isWellFormed()).toBe(true);
      }),
    );
  });
});
