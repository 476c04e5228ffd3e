import Credentials from "@auth/core/providers/credentials";
import { describe, expect, it } from "vitest";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

/** A callback of the app's: it is asked at the sign-in, and again when the session is read. */
type Callback = (message: { token: object; session: object }) => unknown;
type Callbacks = Record<"jwt" | "session", Callback>;

const admitAll: Callbacks = { jwt: ({ token }) => token, session: ({ session }) => session };
const alice = { id: "7", email: "alice@example.com" };

/** An app that admits Alice, and asks what it is given. */
const apps = {
  v5: (callbacks: Callbacks) =>
    createApp({
      providers: [Credentials({ authorize: () => ({ ...alice }) })],
      callbacks: {
        jwt: (message) => callbacks.jwt(message as never) as never,
        session: (message) => callbacks.session(message) as never,
      },
    }),
  v4: (callbacks: Callbacks) =>
    createApp4({
      providers: [providers4.Credentials({ authorize: () => ({ ...alice }) }) as never],
      callbacks: {
        jwt: (message) => callbacks.jwt(message as never),
        session: (message) => callbacks.session(message as never),
      },
    }),
} as const;

function refuse(): never {
  throw new Error("secret detail");
}

describe.each(["v5", "v4"] as const)("a session that the app refuses, in %s", (major) => {
  it.each<[string, Partial<Callbacks>, string]>([
    ["a jwt callback that gives no token", { jwt: () => null }, "JWTCallback"],
    ["a jwt callback that throws", { jwt: refuse }, "JWTCallback"],
    ["a session callback that throws", { session: refuse }, "SessionCallback"],
  ])("%s is one refused session, and no forged one", async (_, later, errorType) => {
    const callbacks = { ...admitAll };
    const app = apps[major](callbacks);
    await app.post("callback/credentials", {});
    Object.assign(callbacks, later);
    await app.get("session");
    expect(watched.names()).toEqual(["auth.sign_in", "auth.session.reject"]);
    expect(watched.last()).toMatchObject({
      "auth.failure.reason": "access_denied",
      "error.type": errorType,
    });
    expect(JSON.stringify(watched.records)).not.toContain("secret detail");
  });
});
