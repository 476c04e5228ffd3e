import { describe, expect, it } from "vitest";
import type { AppConfig } from "../../../src/capture/app-types.ts";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
const { names, last } = watched;

const alice = { id: "7", email: "alice@example.com", name: "Alice" };
const password = "correct horse";

const providers: NonNullable<AppConfig["providers"]> = [
  providers4.Credentials({
    credentials: { email: {}, password: {} },
    authorize({ email, password: given }: Record<string, string>) {
      if (email === "broken@example.com") throw new TypeError("the database: secret detail");
      if (email === "refused@example.com") throw new Error("Wrong password: secret detail");
      return email === alice.email && given === password ? { ...alice } : null;
    },
  }),
  providers4.GitHub({ clientId: "id", clientSecret: "a client secret" }),
];

describe.each(["options", "request", "app"] as const)("next-auth 4, called with its %s", (form) => {
  it("a sign-in and a sign-out tell who, how and from where", async () => {
    const app = createApp4({ providers }, form);
    await app.post(
      "callback/credentials",
      { email: alice.email, password },
      { headers: { "x-forwarded-for": "203.0.113.9", "user-agent": "a browser" } },
    );
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.outcome": "success",
      "user.id": "7",
      "user.email": "alice@example.com",
      "auth.provider.id": "credentials",
      "auth.framework.version": "4",
      "client.address": "203.0.113.9",
      "user_agent.original": "a browser",
      "http.request.method": "POST",
      "url.path": "/api/auth/callback/credentials",
    });
    await app.post("signout");
    expect(names()).toEqual(["auth.sign_in", "auth.sign_out"]);
    expect(last()).toMatchObject({ "auth.outcome": "success", "user.id": "7" });
  });

  it.each([
    ["a wrong password", { email: alice.email }, "invalid_credentials", "CredentialsSignin"],
    [
      "an authorize that throws a text for the page",
      { email: "refused@example.com" },
      "invalid_credentials",
      "AuthorizeError",
    ],
    [
      "an authorize that fails",
      { email: "broken@example.com" },
      "provider_error",
      "AuthorizeError",
    ],
  ])("%s is a failure, as a form and as JSON", async (_, fields, reason, type) => {
    for (const json of [{}, { json: "true" }]) {
      const app = createApp4({ providers }, form);
      await app.post("callback/credentials", { ...fields, password: "wrong", ...json });
      expect(last()).toMatchObject({
        "auth.outcome": "failure",
        "auth.failure.reason": reason,
        "error.type": type,
        "auth.attempted.identifier": fields.email,
        "auth.provider.id": "credentials",
      });
    }
    expect(names()).toEqual(["auth.sign_in", "auth.sign_in"]);
    expect(JSON.stringify(watched.records)).not.toContain("secret detail");
  });

  it.each<[string, () => unknown, string]>([
    ["refuses", () => false, "access_denied"],
    ["throws", () => Promise.reject(new Error("no")), "access_denied"],
    ["redirects", () => "/apply", "redirected_by_callback"],
  ])("a signIn callback that %s is a failure", async (_, signIn, reason) => {
    const app = createApp4({ providers, callbacks: { signIn } }, form);
    await app.post("callback/credentials", { email: alice.email, password });
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": reason,
      "auth.attempted.identifier": alice.email,
    });
  });
});

it.each<[string, () => unknown, string]>([
  ["throws", () => Promise.reject(new Error("secret detail")), "secret detail"],
  ["gives no token", () => null, "MUST be an object"],
])(
  "a jwt callback that %s is a sign-in that was refused, and the handler throws as before",
  async (_, jwt, message) => {
    const app = createApp4({ providers, callbacks: { jwt } });
    await expect(
      app.post("callback/credentials", { email: alice.email, password }),
    ).rejects.toThrow(message);
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.failure.reason": "access_denied",
      "error.type": "JWTCallback",
      "auth.attempted.identifier": alice.email,
    });
    expect(JSON.stringify(watched.records)).not.toContain("secret detail");
  },
);

it("a handler that throws after the identity was proven is a failure, and throws as before", async () => {
  const app = createApp4({
    providers,
    jwt: { encode: () => Promise.reject(new Error("secret detail")) },
  } as AppConfig);
  await expect(app.post("callback/credentials", { email: alice.email, password })).rejects.toThrow(
    "secret detail",
  );
  expect(names()).toEqual(["auth.sign_in"]);
  expect(last()).toMatchObject({
    "auth.failure.reason": "unknown",
    "error.type": "HandlerError",
    "auth.attempted.identifier": alice.email,
  });
  expect(JSON.stringify(watched.records)).not.toContain("secret detail");
});

it("options that are wrapped, and then given to a wrapped NextAuth, tell each event once", async () => {
  const app = createApp4(withAuthlog({ providers }));
  await app.post("callback/credentials", { email: alice.email, password });
  await app.post("signout");
  await app.post("callback/credentials", { email: alice.email, password: "wrong" });
  await app.post("callback/nobody");
  expect(names()).toEqual(["auth.sign_in", "auth.sign_out", "auth.sign_in", "auth.request.reject"]);
  expect(last()).toMatchObject({ "error.type": "UnknownProvider" });
});

/** What is told of an `authorize` that throws. */
async function codeOf(thrown: unknown): Promise<unknown[]> {
  const throwing = providers4.Credentials({
    credentials: { email: {} },
    authorize: () => Promise.reject(thrown),
  });
  await createApp4({ providers: [throwing as never] }).post("callback/credentials", {
    email: alice.email,
  });
  expect(names()).toEqual(["auth.sign_in"]);
  return [last()["auth.failure.reason"], last()["error.type"]];
}

const withCode = (code: unknown): Error => Object.assign(new Error("secret detail"), { code });

describe("a code in what authorize throws", () => {
  it.each([
    ["locked", "locked_out"],
    ["too_many_requests", "rate_limited"],
  ])("%s is the reason %s", async (code, reason) => {
    expect(await codeOf(withCode(code))).toEqual([reason, code]);
  });

  it.each([
    ["of a database, or of Node", withCode("ECONNREFUSED")],
    ["that every object knows", withCode("constructor")],
    ["that is no text", withCode({ toString: () => "locked" })],
    ["that is not its own", Object.create({ code: "locked", message: "m" }) as object],
    [
      "that throws when it is read",
      Object.defineProperty(new Error("m"), "code", {
        get() {
          throw new Error("hostile");
        },
      }),
    ],
    [
      "that cannot be asked for",
      new Proxy(new Error("m"), {
        getOwnPropertyDescriptor() {
          throw new Error("hostile");
        },
      }),
    ],
  ])("one %s is that of no reason", async (_, thrown) => {
    expect(await codeOf(thrown)).toEqual(["provider_error", "AuthorizeError"]);
  });
});

describe("requests that try no identity", () => {
  it.each([
    ["a sign-in without a CSRF token", "callback/credentials", "csrf_invalid", "MissingCSRF"],
    ["a sign-out without a CSRF token", "signout", "csrf_invalid", "MissingCSRF"],
    ["a session update without one", "session", "csrf_invalid", "MissingCSRF"],
    ["an unknown provider", "callback/nobody", "unknown", "UnknownProvider"],
    ["a sign-in with an unknown provider", "signin/nobody", "unknown", "UnknownProvider"],
  ])("%s is a rejected request", async (_, path, reason, type) => {
    const app = createApp4({ providers });
    await app.post(path, { email: alice.email, password }, { csrf: false });
    expect(names()).toEqual(["auth.request.reject"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": reason,
      "error.type": type,
    });
    expect(last()).not.toHaveProperty("auth.attempted.identifier");
  });

  it("a callback without state is a rejected request", async () => {
    await createApp4({ providers }).get("callback/github?code=1&state=2");
    expect(names()).toEqual(["auth.request.reject"]);
    expect(last()).toMatchObject({ "auth.failure.reason": "invalid_state" });
  });

  it("a bad callback URL is a rejected request", async () => {
    const app = createApp4({ providers });
    await app.post("signin/github?callbackUrl=javascript:alert(1)");
    expect(names()).toEqual(["auth.request.reject"]);
    expect(last()).toMatchObject({ "error.type": "INVALID_CALLBACK_URL_ERROR" });
  });

  it.each(["_log", "_log/x", "%5Flog", "_log/signin/github"])(
    "a forged post to %s makes no event, whatever it says",
    async (path) => {
      const app = createApp4({ providers });
      for (const code of ["JWT_SESSION_ERROR", "OAUTH_CALLBACK_ERROR", "SIGNIN_EMAIL_ERROR"]) {
        await app.post(path, { level: "error", code, message: "forged" });
      }
      expect(names()).toEqual([]);
    },
  );

  it.each([
    ["POST", "signin/github?error=AccessDenied"],
    ["POST", "signin/github?csrf=true"],
    ["POST", "signout?callbackUrl=/api/auth/error?error=AccessDenied"],
  ])("%s %s, which next-auth answers well, is no event", async (_, path) => {
    await createApp4({ providers }).post(path);
    expect(names()).toEqual([]);
  });

  it("reading pages, tokens and the session is no event", async () => {
    const app = createApp4({ providers });
    for (const path of ["csrf", "providers", "session", "signin", "signout"]) await app.get(path);
    expect(names()).toEqual([]);
  });
});

describe("e-mail links", () => {
  const user = { id: "9", email: "bob@example.com", emailVerified: null };

  /** An adapter with one user and one token, as next-auth calls it. */
  const adapter = {
    getUserByEmail: () => user,
    getUser: () => user,
    updateUser: () => user,
    createSession: (session: object) => session,
    createVerificationToken: (token: object) => token,
    useVerificationToken: ({ identifier }: { identifier: string }) =>
      identifier === user.email ? { identifier, expires: new Date(Date.now() + 60_000) } : null,
    getSessionAndUser: () => null,
  };

  const app = (sendVerificationRequest: () => void) =>
    createApp4({
      providers: [
        providers4.Email({
          server: "smtp://127.0.0.1",
          from: "a@example.com",
          sendVerificationRequest,
        }),
      ],
      adapter,
    });

  it("one that goes out is told with the address that asked", async () => {
    await app(() => {}).post("signin/email", { email: user.email });
    expect(names()).toEqual(["auth.verification.request"]);
    expect(last()).toMatchObject({
      "auth.outcome": "success",
      "auth.attempted.identifier": user.email,
      "auth.provider.type": "email",
    });
  });

  it("one that cannot go out is a failure", async () => {
    const failing = app(() => {
      throw new Error("connection refused");
    });
    await failing.post("signin/email", { email: user.email });
    await failing.post("signin/email", { email: "no address" });
    await failing.post("signin/email", {});
    expect(names()).toEqual(Array.from({ length: 3 }, () => "auth.verification.request"));
    for (const { attributes } of watched.records) {
      expect(attributes).toMatchObject({
        "auth.outcome": "failure",
        "auth.failure.reason": "email_send_failed",
      });
    }
    expect(watched.records[0]?.attributes["auth.attempted.identifier"]).toBe(user.email);
  });

  it("one for which the database does not answer is a failure, though next-auth only throws", async () => {
    const broken = createApp4({
      providers: [providers4.Email({ server: "smtp://127.0.0.1", from: "a@example.com" })],
      adapter: {
        ...adapter,
        getUserByEmail: () => {
          throw new Error("no connection");
        },
      },
    });
    await expect(broken.post("signin/email", { email: user.email })).rejects.toThrow(
      "no connection",
    );
    expect(names()).toEqual(["auth.verification.request"]);
    expect(last()).toMatchObject({
      "auth.failure.reason": "provider_error",
      "error.type": "adapter_error_getUserByEmail",
    });
  });

  it("one that is used signs in", async () => {
    await app(() => {}).get(`callback/email?token=t&email=${user.email}`);
    expect(names()).toEqual(["auth.user.update", "auth.sign_in"]);
    expect(last()).toMatchObject({ "auth.outcome": "success", "user.id": "9" });
  });

  it.each([
    ["was used or never issued", "token=t&email=eve@example.com", "eve@example.com"],
    ["has no token", "email=eve@example.com", "eve@example.com"],
  ])("one that %s is a failed sign-in", async (_, query, claimed) => {
    await app(() => {}).get(`callback/email?${query}`);
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.failure.reason": "verification_invalid",
      "auth.attempted.identifier": claimed,
    });
  });
});
