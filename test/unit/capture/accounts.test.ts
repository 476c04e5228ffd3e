import type { Adapter } from "@auth/core/adapters";
import Nodemailer from "@auth/core/providers/nodemailer";
import { expect, it } from "vitest";
import type { AppConfig } from "../../../src/capture/app-types.ts";
import { authJs } from "../../../src/capture/auth-js/framework.ts";
import { withHooks } from "../../../src/capture/hooks.ts";
import { createApp } from "../../support/auth-js.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

const carol = { id: "11", email: "carol@example.com", emailVerified: null };

/** An adapter that knows nobody yet, and takes every link for one that it issued. */
const adapter: Adapter = {
  getUserByEmail: () => null,
  createUser: (user) => ({ ...user, id: carol.id }),
  createSession: (session) => session,
  createVerificationToken: (token) => token,
  useVerificationToken: ({ identifier, token }) => ({
    identifier,
    token,
    expires: new Date(Date.now() + 60_000),
  }),
  getSessionAndUser: () => null,
};

it("a first sign-in by e-mail link is a new user, and a sign-in that says so", async () => {
  const email = Nodemailer({
    server: "smtp://127.0.0.1",
    from: "a@example.com",
    sendVerificationRequest() {},
  });
  const app = createApp({ providers: [email], adapter, session: { strategy: "database" } });
  await app.get(`callback/nodemailer?token=t&email=${carol.email}`);
  expect(watched.records.map(({ eventName }) => eventName)).toEqual([
    "auth.user.create",
    "auth.sign_in",
  ]);
  expect(watched.records[1]?.attributes).toMatchObject({
    "auth.outcome": "success",
    "auth.user.is_new": true,
    "user.id": carol.id,
    "user.email": carol.email,
    "auth.provider.id": "nodemailer",
    "auth.provider.type": "email",
  });
});

it("a link between an account and a user names both, and none of the account's tokens", async () => {
  const config: AppConfig = withHooks({}, { framework: authJs, providers: new Map() });
  await config.events?.["linkAccount"]?.({
    user: carol,
    account: { provider: "github", type: "oauth", access_token: "gho_secret", id_token: "eyJ" },
    profile: { secret: "of the profile" },
  });
  expect(watched.records.map(({ eventName }) => eventName)).toEqual(["auth.account.link"]);
  expect(watched.records[0]?.attributes).toMatchObject({
    "user.id": carol.id,
    "auth.provider.id": "github",
  });
  expect(JSON.stringify(watched.records)).not.toMatch(/secret|eyJ/);
});

it("a session for which the database does not answer is a rejected session, once", async () => {
  const email = Nodemailer({ server: "smtp://127.0.0.1", from: "a@example.com" });
  const app = createApp({
    providers: [email],
    adapter: { ...adapter, getSessionAndUser: () => Promise.reject(new Error("no connection")) },
    session: { strategy: "database" },
  });
  app.cookies.set("authjs.session-token", "any");
  await app.get("session");
  expect(watched.records.map(({ eventName }) => eventName)).toEqual(["auth.session.reject"]);
  expect(watched.records[0]?.attributes).toMatchObject({
    "auth.failure.reason": "unknown",
    "error.type": "SessionTokenError",
  });
});
