import { describe, expect, it } from "vitest";
import { browsedApp } from "./support/browsed-app.ts";
import { type Bundler, example } from "./support/built-app.ts";
import type { Way } from "./support/demo-page.ts";
import { FormClient } from "./support/form-client.ts";
import { arrivedEvents } from "./support/proven-events.ts";

const alice = { email: "alice@example.com", password: "white-rabbit" };

/** What the page says, and what the audit log says, of each way to fail. */
const failures = [
  {
    name: "a wrong password",
    email: alice.email,
    password: "wrong",
    says: "do not belong together",
    reason: "invalid_credentials",
    errorType: "CredentialsSignin",
  },
  {
    name: "an unknown user",
    email: "nobody@example.com",
    password: "wrong",
    says: "do not belong together",
    reason: "invalid_credentials",
    errorType: "CredentialsSignin",
  },
  {
    name: "a locked account",
    email: "carol@example.com",
    password: "christmas-past",
    says: "locked",
    reason: "locked_out",
    errorType: "locked",
  },
  {
    name: "a user whom the signIn callback refuses",
    email: "dave@example.com",
    password: "pod-bay-doors",
    says: "no access",
    reason: "access_denied",
    errorType: "AccessDenied",
  },
  {
    name: "an authorize that throws",
    email: "erin@example.com",
    password: "lost-and-found",
    says: "on our side",
    reason: "provider_error",
    errorType: "CallbackRouteError",
  },
] as const;

describe.each<Bundler>(["turbopack", "webpack"])(
  "a production build by %s, in Chromium",
  (bundler) => {
    const browsed = browsedApp(bundler, example("auth-js-v5"));

    describe.each<Way>(["by server action", "by route handler"])("%s", (way) => {
      it("a sign-in and a sign-out give one proven event each, in the trace of their request", async () => {
        const [signedIn, signedOut] = await browsed.visit("/", async (visitor) => [
          await visitor.signIn(alice.email, alice.password, way),
          await visitor.signOut(way),
        ]);

        for (const [{ traceId, spanId }, action] of [
          [signedIn, "auth.sign_in"],
          [signedOut, "auth.sign_out"],
        ] as const) {
          const events = await browsed.eventsOf(traceId);
          expect(events).toMatchObject([
            { action, status: "success", actor: "alice", details: { "user.email": alice.email } },
          ]);
          const request = await browsed.spans.requestSpan(traceId, events[0]?.details["span_id"]);
          expect(request.parentSpanId).toBe(spanId);
          expect(request.name).toMatch(/^POST/);
        }
      });

      it.each(failures)("$name gives one proven event", async (failure) => {
        const { traceId } = await browsed.visit("/", async (visitor) => {
          const trace = await visitor.signIn(failure.email, failure.password, way);
          expect(await visitor.problem.textContent()).toContain(failure.says);
          return trace;
        });

        expect(await browsed.eventsOf(traceId)).toMatchObject([
          {
            action: "auth.sign_in",
            status: `failure:${failure.reason}`,
            actor: "anonymous",
            target: failure.email,
            details: {
              "auth.outcome": "failure",
              "auth.failure.reason": failure.reason,
              "error.type": failure.errorType,
            },
          },
        ]);
      });
    });

    it("an unknown user and a wrong password look alike to the visitor", async () => {
      const seen = new Set<string>();
      await browsed.visit("/", async (visitor) => {
        for (const email of [alice.email, "nobody@example.com"]) {
          await visitor.signIn(email, "wrong");
          seen.add(`${visitor.page.url()} ${await visitor.problem.textContent()}`);
        }
      });
      expect(seen.size).toBe(1);
    });

    it("a request without a trace gets one of its own", async () => {
      await new FormClient(browsed.app.url).signIn("untraced@example.com", "wrong");
      const [event] = await arrivedEvents(browsed.ledger, '"untraced@example.com"');
      const { trace_id: traceId, span_id: spanId } = event?.details ?? {};
      expect(await browsed.spans.requestSpan(String(traceId), spanId)).toMatchObject({ traceId });
    });
  },
);
