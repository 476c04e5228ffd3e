import { describe, expect, it } from "vitest";
import { browsedApp } from "./support/browsed-app.ts";
import { type Bundler, example } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { newTrace } from "./support/trace.ts";

const alice = { email: "alice@example.com", password: "white-rabbit" };

/** What the page says, what next-auth answers a form, and what the audit log says of each failure. */
const failures = [
  {
    name: "a wrong password",
    email: alice.email,
    password: "wrong",
    says: "do not belong together",
    answer: "/api/auth/error?error=CredentialsSignin&provider=credentials",
    reason: "invalid_credentials",
    errorType: "CredentialsSignin",
  },
  {
    name: "an unknown user",
    email: "nobody@example.com",
    password: "wrong",
    says: "do not belong together",
    answer: "/api/auth/error?error=CredentialsSignin&provider=credentials",
    reason: "invalid_credentials",
    errorType: "CredentialsSignin",
  },
  {
    name: "an authorize that throws",
    email: "erin@example.com",
    password: "lost-and-found",
    says: "on our side",
    answer: "/api/auth/error?error=The%20directory%20does%20not%20answer.",
    reason: "provider_error",
    errorType: "AuthorizeError",
  },
  {
    name: "a locked account",
    email: "carol@example.com",
    password: "christmas-past",
    says: "locked",
    answer: "/api/auth/error?error=locked",
    reason: "locked_out",
    errorType: "locked",
  },
  {
    name: "a user whom the signIn callback refuses",
    email: "dave@example.com",
    password: "pod-bay-doors",
    says: "no access",
    answer: "/api/auth/error?error=AccessDenied",
    reason: "access_denied",
    errorType: "AccessDenied",
  },
] as const;

/** Where each router has its page, and its NextAuth. */
const routers = [
  { router: "App Router", page: "/", basePath: "/api/auth" },
  { router: "Pages Router", page: "/pages-router", basePath: "/api/pages-auth" },
] as const;

const common = {
  "auth.provider.id": "credentials",
  "auth.provider.type": "credentials",
  "auth.framework.name": "next-auth",
  "auth.framework.version": "4",
  "http.request.method": "POST",
};

describe.each<Bundler>(["turbopack", "webpack"])(
  "next-auth 4 with OpenTelemetry 2, a production build by %s",
  (bundler) => {
    const browsed = browsedApp(bundler, example("next-auth-v4"));

    describe.each(routers)("$router", ({ page, basePath }) => {
      it("a sign-in and a sign-out give one proven event each, in the trace of their request", async () => {
        const [signedIn, signedOut] = await browsed.visit(page, async (visitor) => [
          await visitor.signIn(alice.email, alice.password),
          await visitor.signOut(),
        ]);

        for (const [{ traceId, spanId }, action, path] of [
          [signedIn, "auth.sign_in", "callback/credentials"],
          [signedOut, "auth.sign_out", "signout"],
        ] as const) {
          const events = await browsed.eventsOf(traceId);
          const { "auth.provider.id": _id, "auth.provider.type": _type, ...anyEvent } = common;
          expect(events).toMatchObject([
            {
              action,
              status: "success",
              actor: "alice",
              details: {
                ...(action === "auth.sign_in" ? common : anyEvent),
                "user.email": alice.email,
                "url.path": `${basePath}/${path}`,
              },
            },
          ]);
          const request = await browsed.spans.requestSpan(traceId, events[0]?.details["span_id"]);
          expect(request.parentSpanId).toBe(spanId);
          expect(request.name).toMatch(/^POST/);
        }
      });

      it.each(failures)("$name gives one proven event", async (failure) => {
        const fromPage = await browsed.visit(page, async (visitor) => {
          const trace = await visitor.signIn(failure.email, failure.password);
          expect(await visitor.problem.textContent()).toContain(failure.says);
          return trace;
        });

        const fromForm = newTrace();
        const client = new FormClient(browsed.app.url, basePath);
        expect(await client.signIn(failure.email, failure.password, fromForm.headers)).toBe(
          failure.answer,
        );

        for (const { traceId } of [fromPage, fromForm]) {
          expect(await browsed.eventsOf(traceId)).toMatchObject([
            {
              action: "auth.sign_in",
              status: `failure:${failure.reason}`,
              actor: "anonymous",
              target: failure.email,
              details: {
                ...common,
                "auth.failure.reason": failure.reason,
                "error.type": failure.errorType,
                "url.path": `${basePath}/callback/credentials`,
              },
            },
          ]);
        }
      });

      it("shows what was tried there, and that its proof is verified", async () => {
        await browsed.visit(page, async (visitor) => {
          const { traceId } = await visitor.signIn("eve@example.com", "wrong");
          const row = visitor.page.getByRole("row").filter({ hasText: traceId });
          await row.waitFor();
          expect(await row.textContent()).toMatch(
            /auth\.sign_in failure invalid credentials.*eve@example\.com.*127\.0\.0\.1.*verified/,
          );
        });
      });

      it("somebody who is signed in already and signs in again is one event, as is who signs out", async () => {
        const client = new FormClient(browsed.app.url, basePath);
        const traces = [newTrace(), newTrace(), newTrace()] as const;
        expect(await client.signIn(alice.email, alice.password, traces[0].headers)).toBe("/");
        expect(await client.signIn(alice.email, alice.password, traces[1].headers)).toBe("/");
        expect(await client.signOut(traces[2].headers)).toBe("/");
        for (const { traceId } of traces) {
          expect(await browsed.eventsOf(traceId)).toMatchObject([
            { status: "success", actor: "alice" },
          ]);
        }
      });
    });

    it("nothing is said about authlog, since nothing is wrong", () => {
      expect(browsed.app.output()).not.toContain("ERR_AUTHLOG");
    });
  },
);
