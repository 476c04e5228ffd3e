import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { getSlot } from "../../../src/slot.ts";
import {
  createTestAudit,
  type TestAudit,
  type TestEvent,
} from "../../../src/testing/create-test-audit.ts";
import { emitEvent } from "../../../src/capture/emit-event.ts";
import type { AuthEvent } from "../../../src/event/auth-event.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
const framework = { name: "next-auth", version: "5" };

const signIn = (parts: Partial<AuthEvent> = {}): void =>
  emitEvent({
    name: "auth.sign_in",
    timeUnixMillis: 0,
    outcome: "success",
    user: { id: "7", email: "alice@example.com", fullName: "Alice" },
    framework,
    ...parts,
  });

const refuse = (attemptedIdentifier: string): void =>
  emitEvent({
    name: "auth.sign_in",
    timeUnixMillis: 0,
    outcome: "failure",
    reason: "invalid_credentials",
    attemptedIdentifier,
    framework,
  });

/** What a call throws. */
function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was thrown";
}

describe("what was recorded", () => {
  it("is told by name, outcome, reason, actor and target", () => {
    using audit = createTestAudit();
    signIn();
    refuse("bob@example.com");
    expect(audit.events).toMatchObject([
      {
        name: "auth.sign_in",
        outcome: "success",
        reason: undefined,
        actor: { id: "7", email: "alice@example.com", name: "Alice" },
        target: undefined,
      },
      {
        outcome: "failure",
        reason: "invalid_credentials",
        actor: undefined,
        target: "bob@example.com",
      },
    ]);
    expect(audit.events[0]?.record.eventName).toBe("auth.sign_in");
    expect(audit.events[0]?.attributes).toMatchObject({ "user.id": "7" });
  });

  it("is found by a part of it", () => {
    using audit = createTestAudit();
    signIn();
    refuse("bob@example.com");
    expect(audit.find({ actor: { id: "7" } })).toBe(audit.events[0]);
    expect(audit.find({ actor: undefined })).toBe(audit.events[1]);
    expect(audit.find({ attributes: { "user.email": "alice@example.com" } })).toBe(audit.events[0]);
    expect(audit.find({ actor: { id: "7" }, outcome: "failure" })).toBeUndefined();
    expect(audit.find({ actor: { id: "8" } })).toBeUndefined();
  });

  it("compares lists as a whole", () => {
    using audit = createTestAudit();
    signIn({ user: { fullName: "x".repeat(300) } });
    const cut = "authlog.truncated";
    expect(audit.find({ attributes: { [cut]: ["user.full_name"] } })).toBeDefined();
    expect(audit.find({ attributes: { [cut]: ["user.full_name", "more"] } })).toBeUndefined();
    expect(audit.find({ attributes: { [cut]: [] } })).toBeUndefined();
  });

  it("can be forgotten", () => {
    using audit = createTestAudit();
    signIn();
    audit.clear();
    expect(audit.events).toEqual([]);
  });
});

describe("an expectation", () => {
  it("gives the event that it expected", () => {
    using audit = createTestAudit();
    signIn();
    expect(audit.expectOne({ name: "auth.sign_in" })).toBe(audit.events[0]);
  });

  it("that nothing meets shows what was recorded instead", () => {
    using audit = createTestAudit();
    refuse("bob@example.com");
    const message = messageOf(() => audit.expectOne({ name: "auth.sign_out", actor: undefined }));
    expect(message).toContain('No events match {"name":"auth.sign_out","actor":"(absent)"}.');
    expect(message).toContain("auth.sign_in failure");
    expect(message).toContain('"auth.attempted.identifier":"bob@example.com"');
    expect(message).not.toContain("authlog.sequence");
  });

  it("that two events meet is not met", () => {
    using audit = createTestAudit();
    signIn();
    signIn();
    expect(messageOf(() => audit.expectOne({ name: "auth.sign_in" }))).toContain("2 events match");
  });

  it("points at the test that had it", () => {
    using audit = createTestAudit();
    const stack = ((): string => {
      try {
        audit.expectOne({ name: "auth.sign_in" });
      } catch (error) {
        return (error as Error).stack ?? "";
      }
      return "";
    })();
    expect(stack.split("\n").find((line) => line.includes("    at "))).toContain(
      "create-test-audit.test.ts",
    );
    expect(stack).toContain("Nothing was recorded.");
  });
});

describe("waiting", () => {
  it("ends with an event that was there before, or that comes later", async () => {
    using audit = createTestAudit();
    signIn();
    expect(await audit.waitFor({ outcome: "success" })).toBe(audit.events[0]);
    const failure = audit.waitFor({ outcome: "failure" });
    signIn();
    refuse("bob@example.com");
    expect(await failure).toBe(audit.events[2]);
  });

  it("ends when the time is up, and says what was there", async () => {
    using audit = createTestAudit();
    signIn();
    await expect(audit.waitFor({ outcome: "failure" }, { timeoutMillis: 1 })).rejects.toThrow(
      /After 1 ms no event matches \{"outcome":"failure"\}\.\nRecorded:\n {2}auth\.sign_in success/,
    );
  });

  it("ends in a test whose clock stands still, too", async () => {
    vi.useFakeTimers();
    try {
      using audit = createTestAudit();
      await expect(audit.waitFor({}, { timeoutMillis: 1 })).rejects.toThrow("Nothing was recorded");
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("what is only counted so far", () => {
  it("is told when the test looks, and does not leak into the next one", () => {
    let held = 2;
    getSlot().tellers.add(() => {
      for (; held > 0; held -= 1) refuse("held@example.com");
    });
    const audit = createTestAudit();
    expect(audit.events).toHaveLength(2);
    held = 1;
    audit.close();
    expect(audit.events).toHaveLength(3);
    expect(watched.records).toEqual([]);
  });
});

describe("when it is closed", () => {
  it("events go where they went before", () => {
    const audit = createTestAudit();
    signIn();
    audit.close();
    audit.close();
    signIn();
    expect(audit.events).toHaveLength(1);
    expect(watched.records).toHaveLength(1);
  });

  it("what was switched off is off again", () => {
    getSlot().enabled = false;
    const audit = createTestAudit();
    signIn();
    audit.close();
    signIn();
    expect(audit.events).toHaveLength(1);
    expect(getSlot().enabled).toBe(false);
  });

  it("an inner one gives back to an outer one", () => {
    using outer = createTestAudit();
    const inner = createTestAudit();
    signIn();
    inner.close();
    signIn();
    expect([outer.events.length, inner.events.length]).toEqual([1, 1]);
  });

  it("one that was replaced leaves the other alone", () => {
    const first = createTestAudit();
    using second = createTestAudit();
    first.close();
    signIn();
    expect(second.events).toHaveLength(1);
  });
});

it("has the types that it says", () => {
  expectTypeOf(createTestAudit).returns.toEqualTypeOf<TestAudit>();
  expectTypeOf<TestAudit["expectOne"]>().returns.toEqualTypeOf<TestEvent>();
  expectTypeOf<TestAudit["waitFor"]>().returns.resolves.toEqualTypeOf<TestEvent>();
  expectTypeOf<TestAudit>().toExtend<Disposable>();
  expectTypeOf<{ actor: { id: string }; outcome: "failure" }>().toExtend<
    Parameters<TestAudit["find"]>[0]
  >();
  expectTypeOf<{ outcome: "lost" }>().not.toExtend<Parameters<TestAudit["find"]>[0]>();
});
