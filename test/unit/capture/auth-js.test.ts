import type { AuthConfig } from "@auth/core";
import { AccessDenied, AuthError, CredentialsSignin } from "@auth/core/errors";
import Credentials from "@auth/core/providers/credentials";
import GitHub from "@auth/core/providers/github";
import { describe, expect, it } from "vitest";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { createApp } from "../../support/auth-js.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
const { names, last } = watched;

class Locked extends CredentialsSignin {
  override code = "locked";
}

const alice = { id: "7", email: "alice@example.com", name: "Alice" };
const password = "correct horse";

/** One provider that knows Alice, and does what it is told with anybody else. */
const providers: AuthConfig["providers"] = [
  Credentials({
    credentials: { email: {}, password: {} },
    authorize({ email, password: given }) {
      if (email === "locked@example.com") throw new Locked();
      if (email === "broken@example.com") throw new TypeError("the database: secret detail");
      if (email === "refused@example.com") throw new Error("Wrong password: secret detail");
      return email === alice.email && given === password ? { ...alice } : null;
    },
  }),
];

describe("one attempt is one event", () => {
  it("a sign-in tells who, how and from where", async () => {
    const app = createApp({ providers });
    const response = await app.post(
      "callback/credentials",
      { email: alice.email, password },
      { "x-forwarded-for": "10.0.0.1, 203.0.113.9", "user-agent": "a browser" },
    );
    expect(response.status).toBe(302);
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.outcome": "success",
      "user.id": "7",
      "user.email": "alice@example.com",
      "user.full_name": "Alice",
      "auth.provider.id": "credentials",
      "auth.provider.type": "credentials",
      "auth.framework.name": "next-auth",
      "auth.framework.version": "5",
      "client.address": "203.0.113.9",
      "auth.client.address.verified": false,
      "user_agent.original": "a browser",
      "http.request.method": "POST",
      "url.path": "/api/auth/callback/credentials",
      "authlog.sequence": 1,
    });
    expect(last()["log.record.uid"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it.each([
    ["a wrong password", "alice@example.com", "invalid_credentials", "CredentialsSignin"],
    ["a locked account", "locked@example.com", "locked_out", "locked"],
    ["an authorize that fails", "broken@example.com", "provider_error", "CallbackRouteError"],
    ["a thrown text", "refused@example.com", "invalid_credentials", "CallbackRouteError"],
  ])("%s is a failure with its reason and the claimed identity", async (_, email, reason, type) => {
    const app = createApp({ providers });
    await app.post("callback/credentials", { email, password: "wrong" });
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": reason,
      "error.type": type,
      "auth.attempted.identifier": email,
      "auth.provider.id": "credentials",
    });
    expect(last()).not.toHaveProperty("user.id");
    expect(last()).not.toHaveProperty("user.email");
  });

  it("a code of the app's own that every object knows is a reason all the same", async () => {
    class Odd extends CredentialsSignin {
      override code = "constructor";
    }
    const odd = Credentials({
      authorize: () => {
        throw new Odd();
      },
    });
    await createApp({ providers: [odd] }).post("callback/credentials", { email: alice.email });
    expect(last()).toMatchObject({
      "auth.failure.reason": "invalid_credentials",
      "error.type": "constructor",
    });
  });

  it("a NextAuth that is wrapped twice is wrapped once", () => {
    const wrapped = withAuthlog(() => ({ handlers: {} }));
    expect(withAuthlog(wrapped)).toBe(wrapped);
  });

  it.each<[string, () => boolean | string | Promise<boolean>, string]>([
    ["refuses", () => false, "access_denied"],
    ["throws", () => Promise.reject(new Error("no")), "access_denied"],
    ["throws AccessDenied", () => Promise.reject(new AccessDenied()), "access_denied"],
    ["redirects", () => "/apply", "redirected_by_callback"],
  ])("a signIn callback that %s is a failure", async (_, signIn, reason) => {
    const app = createApp({ providers, callbacks: { signIn } });
    await app.post("callback/credentials", { email: alice.email, password });
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": reason,
      "auth.attempted.identifier": alice.email,
    });
  });

  it("a server action tells the same as the handler, and throws what Auth.js threw", async () => {
    const app = createApp({ providers });
    await app.signIn("credentials", { email: alice.email, password });
    await expect(
      app.signIn("credentials", { email: alice.email, password: "wrong" }),
    ).rejects.toMatchObject({ type: "CredentialsSignin" });
    expect(watched.records.map(({ attributes }) => attributes["auth.outcome"])).toEqual([
      "success",
      "failure",
    ]);
  });

  it("a sign-out tells who; without a session nobody signed out", async () => {
    const app = createApp({ providers });
    await app.post("signout");
    expect(names()).toEqual([]);
    await app.post("callback/credentials", { email: alice.email, password });
    await app.post("signout");
    expect(names()).toEqual(["auth.sign_in", "auth.sign_out"]);
    expect(last()).toMatchObject({ "auth.outcome": "success", "user.id": "7" });
  });

  it("reading pages, tokens and the session is no event", async () => {
    const app = createApp({ providers });
    for (const path of ["csrf", "providers", "session", "signin", "signout"]) await app.get(path);
    expect(names()).toEqual([]);
  });

  it("attempts at one time keep their own identity and address", async () => {
    const users = Array.from({ length: 50 }, (_, n) => `user${n}@example.com`);
    await Promise.all(
      users.map((email, n) =>
        createApp({ providers }).post(
          "callback/credentials",
          { email, password: "wrong" },
          { "x-forwarded-for": `203.0.113.${n}` },
        ),
      ),
    );
    const seen = watched.records.map(
      ({ attributes }) =>
        `${attributes["auth.attempted.identifier"]} ${attributes["client.address"]}`,
    );
    expect(new Set(seen)).toEqual(new Set(users.map((email, n) => `${email} 203.0.113.${n}`)));
    expect(seen).toHaveLength(users.length);
  });
});

describe("requests that try no identity", () => {
  const withGitHub = [...providers, GitHub({ clientId: "id", clientSecret: "a client secret" })];

  it.each([
    ["a sign-in without a CSRF token", "callback/credentials", "csrf_invalid", "MissingCSRF"],
    ["a sign-out without a CSRF token", "signout", "csrf_invalid", "MissingCSRF"],
    ["a session update without one", "session", "csrf_invalid", "MissingCSRF"],
    ["an unknown provider", "callback/nobody", "unknown", "UnknownProvider"],
    ["an unknown action", "nothing", "unknown", "UnknownAction"],
    ["a callback without state", "callback/github?code=1", "invalid_state", "InvalidCheck"],
    [
      "a bad callback URL",
      "signin/github?callbackUrl=javascript:x",
      "unknown",
      "InvalidCallbackUrl",
    ],
  ])("%s is a rejected request", async (_, path, reason, type) => {
    const app = createApp({ providers: withGitHub });
    await app.post(path, { csrfToken: "forged", email: alice.email, password });
    expect(names()).toEqual(["auth.request.reject"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": reason,
      "error.type": type,
    });
    expect(last()).not.toHaveProperty("auth.attempted.identifier");
  });

  it("a callback in which the provider says no is a failed sign-in", async () => {
    await createApp({ providers: withGitHub }).get("callback/github?error=access_denied");
    expect(names()).toHaveLength(1);
    expect(last()).toMatchObject({ "auth.outcome": "failure", "auth.provider.id": "github" });
  });

  it("a session cookie that is forged is a rejected session, and the next is the next", async () => {
    const app = createApp({ providers });
    app.cookies.set("authjs.session-token", "forged");
    await app.get("session");
    expect(names()).toEqual(["auth.session.reject"]);
    expect(last()).toMatchObject({
      "auth.failure.reason": "token_invalid",
      "error.type": "JWTSessionError",
    });
  });

  it("a stale session cookie beside a sign-in is not what the sign-in is about", async () => {
    const app = createApp({ providers });
    app.cookies.set("authjs.session-token", "forged");
    await app.post("callback/credentials", { email: alice.email, password: "wrong" });
    expect(names()).toEqual(["auth.sign_in"]);
  });

  it.each<[string, () => null]>([
    ["gives no token", () => null],
    [
      "throws",
      () => {
        throw new Error("secret detail");
      },
    ],
  ])("a jwt callback that %s is a sign-in that was refused", async (_, jwt) => {
    const app = createApp({ providers, callbacks: { jwt } });
    await app.post("callback/credentials", { email: alice.email, password });
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": "access_denied",
      "error.type": "JWTCallback",
    });
  });
});

describe("the app's own functions", () => {
  it("all run, in order, with their results and errors", async () => {
    const calls: string[] = [];
    const app = createApp({
      providers,
      events: {
        signIn: () => {
          calls.push("event");
          throw new Error("the app's event failed");
        },
      },
      callbacks: {
        signIn: () => {
          calls.push("callback");
          return true;
        },
      },
      logger: { error: (error) => void calls.push(`logger ${(error as { type?: string }).type}`) },
    });
    const response = await app.post("callback/credentials", { email: alice.email, password });
    expect(response.headers.getSetCookie().join()).toContain("session-token");
    expect(calls).toEqual(["callback", "event", "logger EventError"]);
    expect(last()).toMatchObject({ "auth.outcome": "success" });
  });

  it("a user whose getters throw reaches the log as far as it can be read, and signs in", async () => {
    const hostile = Credentials({
      authorize: () =>
        Object.defineProperty({ id: "7" }, "name", {
          enumerable: true,
          get() {
            throw new Error("hostile");
          },
        }) as never,
    });
    const app = createApp({ providers: [hostile], callbacks: { jwt: ({ token }) => token } });
    const response = await app.post("callback/credentials", { email: "x@example.com" });
    // Auth.js itself reads the name and fails: what matters is that authlog added nothing to that.
    expect(response.status).toBe(302);
    expect(names()).toEqual(["auth.sign_in"]);
  });
});

describe("privacy", () => {
  it("no record holds a password, an error's text or a token", async () => {
    const app = createApp({ providers });
    await app.post("callback/credentials", { email: alice.email, password });
    await app.post("callback/credentials", { email: "broken@example.com", password: "hunter2" });
    await app.post("callback/credentials", { email: "hunter3", password: "hunter3" });
    await app.post("signout");
    const text = JSON.stringify(watched.records);
    for (const secret of [password, "hunter", "secret detail", "csrf", "eyJ"]) {
      expect(text).not.toContain(secret);
    }
    expect(watched.records).toHaveLength(4);
  });
});

it("an error of a type that nobody knows ends an attempt as a failure with that type", async () => {
  class Overloaded extends AuthError {
    static type = "Overloaded";
  }
  const overloaded = Credentials({
    credentials: { email: {} },
    authorize: () => {
      throw new Overloaded();
    },
  });
  const app = createApp({ providers: [overloaded] });
  await app.post("callback/credentials", { email: alice.email, password });
  expect(names()).toEqual(["auth.sign_in"]);
  expect(last()).toMatchObject({
    "auth.failure.reason": "unknown",
    "error.type": "Overloaded",
    "auth.attempted.identifier": alice.email,
  });
});
