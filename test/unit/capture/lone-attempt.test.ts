import { describe, expect, it, vi } from "vitest";
import type { AppConfig, AppFunction } from "../../../src/capture/app-types.ts";
import { type AttemptName, beginAttempt } from "../../../src/capture/attempt.ts";
import { authJs } from "../../../src/capture/auth-js/framework.ts";
import { conclude } from "../../../src/capture/conclude.ts";
import type { Capture } from "../../../src/capture/framework.ts";
import { withHooks } from "../../../src/capture/hooks.ts";
import { nextAuth4 } from "../../../src/capture/next-auth-v4/framework.ts";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const { names, last, records } = watchSlot();

const alice = { id: "7", email: "alice@example.com" };
const invite = (identifier: string, seconds: number) => ({
  identifier,
  expires: new Date(Date.now() + seconds * 1000),
});

const config = (parts: Record<string, unknown> = {}): AppConfig =>
  ({
    providers: [
      providers4.Credentials({
        credentials: { email: {}, password: {} },
        authorize({ email, password }: Record<string, string>) {
          if (password === "broken") throw new TypeError("secret detail");
          return email === alice.email && password === "right" ? alice : null;
        },
      }),
      providers4.Email({
        server: "smtp://127.0.0.1",
        from: "a@example.com",
        sendVerificationRequest() {},
      }),
    ],
    adapter: {
      getUserByEmail: () => null,
      createVerificationToken: (token: object) => token,
      useVerificationToken: ({ identifier }: { identifier: string }) =>
        identifier === "late@example.com" ? invite(identifier, -60) : null,
    },
    session: { strategy: "jwt" },
    ...parts,
  }) as unknown as AppConfig;

/** An app in which the options are wrapped, for `getServerSession`, and the handler is not. */
const halfWrapped = (parts?: Record<string, unknown>) =>
  createApp4(withAuthlog(config(parts)), "options", (nextAuth) => nextAuth);

describe("next-auth 4 of which only the options are wrapped", () => {
  it.each([
    ["right", "success", undefined],
    ["wrong", "failure", "CredentialsSignin"],
    ["broken", "failure", "AuthorizeError"],
  ])("has one event for a sign-in with a %s password", async (password, outcome, type) => {
    await halfWrapped().post("callback/credentials/x", { email: alice.email, password });
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({ "auth.outcome": outcome, "auth.provider.id": "credentials" });
    expect(last()["error.type"]).toBe(type);
  });

  it("knows the request of a password that was refused", async () => {
    const headers = { "x-forwarded-for": "203.0.113.9", "user-agent": "a browser" };
    const fields = { email: alice.email, password: "wrong" };
    await halfWrapped().post("callback/credentials", fields, { headers });
    expect(last()).toMatchObject({
      "auth.attempted.identifier": alice.email,
      "client.address": "203.0.113.9",
      "user_agent.original": "a browser",
      "http.request.method": "POST",
    });
  });

  it("has one event for a sign-in that its signIn callback refuses", async () => {
    const app = halfWrapped({ callbacks: { signIn: () => false } });
    await app.post("callback/credentials", { email: alice.email, password: "right" });
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({
      "auth.failure.reason": "access_denied",
      "auth.attempted.identifier": alice.email,
    });
  });

  it.each(["eve@example.com", "late@example.com"])(
    "has one event for a bad link of %s",
    async (email) => {
      await halfWrapped().get(`callback/email?token=t&email=${email}`);
      expect(names()).toEqual(["auth.sign_in"]);
      expect(last()).toMatchObject({
        "auth.failure.reason": "verification_invalid",
        "auth.attempted.identifier": email,
      });
    },
  );

  it("has one event for a link that is asked for", async () => {
    await halfWrapped().post("signin/email", { email: alice.email });
    expect(names()).toEqual(["auth.verification.request"]);
    expect(last()).toMatchObject({
      "auth.outcome": "success",
      "auth.attempted.identifier": alice.email,
      "auth.provider.id": "email",
    });
  });

  it("has one event for a link that could not be sent", async () => {
    const providers = [
      providers4.Email({
        server: "smtp://127.0.0.1",
        from: "a@example.com",
        sendVerificationRequest: () => Promise.reject(new Error("mailbox full")),
      }),
    ];
    await halfWrapped({ providers }).post("signin/email", { email: alice.email });
    expect(names()).toEqual(["auth.verification.request"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": "email_send_failed",
      "auth.attempted.identifier": alice.email,
    });
  });

  it("has no event for what anybody posts to the log of next-auth's own script", async () => {
    for (const code of ["JWT_SESSION_ERROR", "SESSION_ERROR", "SIGNOUT_ERROR"]) {
      const fields = { level: "error", code, message: "forged", name: "Error", stack: "forged" };
      await halfWrapped().post("_log", fields);
    }
    // What happens outside of a request comes once Next.js was asked for one.
    await new Promise(setImmediate);
    expect(names()).toEqual([]);
  });
});

describe("options that another copy of the package has wrapped", () => {
  it("have one event for each attempt, which is of the handler that was wrapped", async () => {
    vi.resetModules();
    const other = await import("../../../src/capture/with-authlog.ts");
    expect(other.withAuthlog).not.toBe(withAuthlog);
    const app = createApp4(other.withAuthlog(config({ callbacks: { signIn: () => false } })));
    await app.post("callback/credentials", { email: alice.email, password: "wrong" });
    await app.post("callback/credentials", { email: alice.email, password: "right" });
    await app.get("callback/email?token=t&email=eve@example.com");
    await app.post("signin/email", { email: alice.email });
    expect(records.map(({ attributes }) => attributes["error.type"])).toEqual([
      "CredentialsSignin",
      "AccessDenied",
      "Verification",
      "AccessDenied",
    ]);
    for (const { attributes } of records) expect(attributes).toHaveProperty(["url.path"]);
  });
});

describe.each([nextAuth4, authJs])(
  "an attempt of next-auth $version whose address says something else",
  (framework) => {
    const hooked = (
      parts: Record<string, unknown> = {},
    ): [Capture, Record<string, AppFunction>] => {
      const capture: Capture = { framework, providers: new Map() };
      const whole = withHooks(
        {
          providers: [
            { id: "password", type: "credentials", authorize: () => null },
            { id: "mail", type: "email", sendVerificationRequest: () => undefined },
          ],
          adapter: { useVerificationToken: () => null },
          callbacks: { signIn: () => false },
          ...parts,
        } as unknown as AppConfig,
        capture,
      );
      return [
        capture,
        {
          ...whole.adapter,
          ...whole.callbacks,
          ...Object.assign({}, ...(whole.providers ?? [])),
        } as never,
      ];
    };

    it.each<[string, unknown, string, string]>([
      ["authorize", { email: alice.email }, "auth.sign_in", "failure"],
      ["useVerificationToken", { identifier: alice.email }, "auth.sign_in", "failure"],
      ["signIn", { user: alice, account: { provider: "password" } }, "auth.sign_in", "failure"],
      [
        "sendVerificationRequest",
        { identifier: alice.email },
        "auth.verification.request",
        "success",
      ],
    ])("has its one event when %s is called", async (called, given, name, outcome) => {
      const wrong: [AttemptName | undefined, string][] = [
        [undefined, "session"],
        ["auth.sign_out", "signout"],
      ];
      for (const [attempted, action] of wrong) {
        records.length = 0;
        const [capture, functions] = hooked();
        const attempt = beginAttempt({ name: attempted, target: { action }, request: {}, capture });
        await conclude(attempt, () => functions[called]?.(given));
        expect(names()).toEqual([name]);
        expect(last()).toMatchObject({
          "auth.outcome": outcome,
          "auth.attempted.identifier": alice.email,
        });
      }
    });

    it("is not about the stale cookie beside it", async () => {
      const [capture, functions] = hooked({
        adapter: { getSessionAndUser: () => null },
      });
      const target = { action: "session" };
      const attempt = beginAttempt({ name: undefined, target, request: {}, capture });
      await conclude(attempt, async () => {
        await functions["getSessionAndUser"]?.("stale");
        return functions["authorize"]?.({ email: alice.email });
      });
      expect(names()).toEqual(["auth.sign_in"]);
      expect(last()).toMatchObject({ "error.type": "CredentialsSignin" });
    });
  },
);
