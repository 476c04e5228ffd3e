import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { claimOfCredentials, claimOfText } from "../../../src/capture/claimed-identity.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import type { AuthlogOptions } from "../../../src/setup/authlog-options.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { pseudonymsOf } from "../../../src/setup/pseudonyms-of.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

const privacy = { pseudonymKey: `k1:${"5e".repeat(16)}` };
const configure = (options: AuthlogOptions): void =>
  installCaptureSettings(resolveConfig(options, {}));
const pseudonym = (value: string): object => ({
  pseudonym: pseudonymsOf("auth.attempted.identifier", value, { privacy })[0],
});

describe("the identity that credentials claim", () => {
  it.each([
    [{ email: "alice@example.com", password: "x" }, "alice@example.com"],
    [{ username: " alice@example.com " }, "alice@example.com"],
    [{ login: "alice@example.com", username: "alice" }, "alice@example.com"],
    [{ user: "alice@example.com" }, undefined],
    [{ email: "hunter2" }, undefined],
    [{ email: "" }, undefined],
    [{ email: ["alice@example.com"] }, undefined],
    [{}, undefined],
    [null, undefined],
    ["alice@example.com", undefined],
  ])("of %j is %s", (credentials, claim) => expect(claimOfCredentials(credentials)).toBe(claim));

  it("is a pseudonym, where it is not shaped like one and there is a key", () => {
    configure({ privacy });
    expect(claimOfCredentials({ username: "alice" })).toEqual(pseudonym("alice"));
    expect(claimOfText(" alice ")).toEqual(pseudonym("alice"));
  });

  it("is rather the field that is shaped like one", () => {
    configure({ privacy });
    const credentials = { email: "", username: "alice", login: "alice@example.com" };
    expect(claimOfCredentials(credentials)).toBe("alice@example.com");
  });

  it("is none, where it is longer than any identity", () => {
    configure({ privacy });
    expect(claimOfText("x".repeat(1_000_000))).toBeUndefined();
    expect(claimOfText(`${"x".repeat(400)}@example.com`)).toBeUndefined();
  });
});

describe("a password typed in the user-name field", () => {
  it("is told in no form, where it stands in the password's field as well", () => {
    configure({ privacy });
    for (const field of ["password", "passphrase", "pin"]) {
      expect(claimOfCredentials({ username: "hunter2", [field]: "hunter2" })).toBeUndefined();
      expect(claimOfCredentials({ email: "p@ss.word ", [field]: "p@ss.word" })).toBeUndefined();
    }
  });

  it("is told in no form without a key", () => {
    expect(claimOfCredentials({ username: "hunter2", password: "" })).toBeUndefined();
  });

  it("is told as a pseudonym with a key, like a user name: the two cannot be told apart", () => {
    configure({ privacy });
    expect(claimOfCredentials({ username: "hunter2" })).toEqual(pseudonym("hunter2"));
  });

  it("lets the identity in another field be told", () => {
    configure({ privacy });
    const credentials = { email: "hunter2", login: "alice@example.com", password: "hunter2" };
    expect(claimOfCredentials(credentials)).toBe("alice@example.com");
  });
});

describe("the app's own attemptedIdentifier", () => {
  it("is taken at its word", () => {
    configure({ attemptedIdentifier: ({ tenant, user }) => `${String(tenant)}/${String(user)}` });
    expect(claimOfCredentials({ tenant: "acme", user: "alice" })).toBe("acme/alice");
  });

  it("may tell none", () => {
    configure({ attemptedIdentifier: () => undefined });
    expect(claimOfCredentials({ email: "alice@example.com" })).toBeUndefined();
    expect(watched.diagnostics).toEqual([]);
  });

  it("cannot tell the password", () => {
    configure({ attemptedIdentifier: ({ user }) => String(user) });
    expect(claimOfCredentials({ user: "hunter2", password: "hunter2" })).toBeUndefined();
  });

  it("gets a copy: what it does to it is not what authorize gets", () => {
    configure({
      attemptedIdentifier: (credentials) => {
        delete (credentials as { password?: string }).password;
        return "alice";
      },
    });
    const credentials = { password: "hunter2" };
    expect(claimOfCredentials(credentials)).toBe("alice");
    expect(credentials).toEqual({ password: "hunter2" });
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("the database said: hunter2");
      },
    ],
    ["is asynchronous", () => Promise.resolve("alice")],
    ["is asynchronous and fails", () => Promise.reject(new Error("hunter2"))],
    ["gives a number", () => 42],
    ["gives null", () => null],
    [
      "gives an object that fails when it is awaited",
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable -- what an app may give back
        get then() {
          throw new Error("hunter2");
        },
      }),
    ],
  ])("that %s tells none, ends no process, and is reported", async (_, attemptedIdentifier) => {
    configure({ attemptedIdentifier: attemptedIdentifier as () => string });
    expect(claimOfCredentials({ email: "alice@example.com" })).toBeUndefined();
    // A rejection that nobody handles would fail this test run by now.
    await setImmediate();
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_CAPTURE_FAILED"]);
    expect(JSON.stringify(watched.diagnostics)).not.toContain("hunter2");
  });
});
