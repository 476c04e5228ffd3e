import { describe, expect, it } from "vitest";
import type { AppConfig } from "../../../src/capture/app-types.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import type { AuthlogOptions } from "../../../src/setup/authlog-options.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { pseudonymsOf } from "../../../src/setup/pseudonyms-of.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";
import Credentials from "@auth/core/providers/credentials";

const watched = watchSlot();
const { names } = watched;

const privacy = { pseudonymKey: `k1:${"5e".repeat(16)}` };
const configure = (options: AuthlogOptions): void =>
  installCaptureSettings(resolveConfig(options, {}));
const ids = (): unknown[] => watched.records.map(({ attributes }) => attributes["session.id"]);

/** An adapter with one user, one e-mail link and the sessions that are made. */
function createAdapter() {
  const user = { id: "9", email: "bob@example.com", emailVerified: new Date() };
  const tokens: string[] = [];
  const session = () => ({
    sessionToken: tokens[0],
    userId: user.id,
    expires: new Date(Date.now() + 60_000),
  });
  return {
    tokens,
    getUserByEmail: () => user,
    getUser: () => user,
    updateUser: () => user,
    createSession(made: { sessionToken: string }) {
      tokens.push(made.sessionToken);
      return made;
    },
    useVerificationToken: ({ identifier }: { identifier: string }) => ({
      identifier,
      expires: new Date(Date.now() + 60_000),
    }),
    createVerificationToken: (token: object) => token,
    getSessionAndUser: () => ({ session: session(), user }),
    // As most official adapters: it returns nothing.
    deleteSession() {},
  };
}

async function signInAndOut(): Promise<string> {
  const { tokens, ...adapter } = createAdapter();
  const email = providers4.Email({ server: "smtp://127.0.0.1", from: "a@example.com" });
  const app = createApp4({ providers: [email as never], adapter });
  await app.get("callback/email?token=t&email=bob@example.com");
  await app.post("signout");
  expect(names()).toEqual(["auth.user.update", "auth.sign_in", "auth.sign_out"]);
  expect(JSON.stringify(watched.records)).not.toContain(tokens[0]);
  return tokens[0] ?? "";
}

describe("database sessions", () => {
  it("have one id, a keyed hash of the token, from the sign-in to the sign-out", async () => {
    configure({ privacy });
    const token = await signInAndOut();
    const [id] = pseudonymsOf("session.id", token, { privacy });
    expect(id).toMatch(/^hmac-sha256:k1:/);
    expect(ids()).toEqual([undefined, id, id]);
  });

  it("have none without a key", async () => {
    await signInAndOut();
    expect(ids()).toEqual([undefined, undefined, undefined]);
  });
});

describe("readings of the session", () => {
  const alice = { id: "7", email: "alice@example.com", name: "Alice" };
  const signInForm = { email: alice.email, password: "correct horse" };
  const apps = {
    "4": () =>
      createApp4({
        providers: [providers4.Credentials({ credentials: {}, authorize: () => alice }) as never],
      } satisfies AppConfig),
    "5": () => createApp({ providers: [Credentials({ authorize: () => alice })] }),
  };

  it.each(["4", "5"] as const)("next-auth %s tells them, where asked for", async (version) => {
    configure({ sessionRead: 1 });
    const app = apps[version]();
    await app.get("session");
    await app.post("callback/credentials", signInForm);
    expect(names()).toEqual(["auth.sign_in"]);
    await app.get("session");
    expect(names()).toEqual(["auth.sign_in", "auth.session.read"]);
    expect(watched.records[1]).toMatchObject({
      body: "alice@example.com read the session",
      attributes: {
        "auth.outcome": "success",
        "user.id": "7",
        "auth.framework.version": version,
        "url.path": "/api/auth/session",
      },
    });
  });

  it.each(["4", "5"] as const)("next-auth %s tells none by default", async (version) => {
    configure({});
    const app = apps[version]();
    await app.post("callback/credentials", signInForm);
    await app.get("session");
    expect(names()).toEqual(["auth.sign_in"]);
  });
});
