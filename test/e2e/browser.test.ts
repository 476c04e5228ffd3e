import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bundler, builtApp } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { DemoPage, launchBrowser, type Way } from "./support/demo-page.ts";
import { arrivedEvents, type ProvenEvent } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { settledEvents } from "./support/settled-events.ts";
import { type SpanReceiver, spanReceiver } from "./support/span-receiver.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";

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
    let app: RunningApp;
    let ledger: TemporaryLedger;
    let spans: SpanReceiver;
    let browser: Browser;

    beforeAll(async () => {
      const built = await builtApp(bundler);
      ledger = await temporaryLedger();
      spans = await spanReceiver();
      app = await startApp(built, { ...ledger.settings, ...spans.settings });
      browser = await launchBrowser();
    });

    afterAll(async () => {
      await browser?.close();
      await app?.stop();
      await spans?.[Symbol.asyncDispose]();
      await ledger?.[Symbol.asyncDispose]();
    });

    async function visit(): Promise<DemoPage> {
      const context = await browser.newContext();
      return new DemoPage(await context.newPage(), app.url);
    }

    const eventsOf = (traceId: string): Promise<ProvenEvent[]> =>
      settledEvents(app, ledger, traceId);

    describe.each<Way>(["by server action", "by route handler"])("%s", (way) => {
      it("a sign-in and a sign-out give one proven event each, in the trace of their request", async () => {
        const visitor = await visit();
        const signedIn = await visitor.signIn(alice.email, alice.password, way);
        const signedOut = await visitor.signOut(way);
        await visitor.page.context().close();

        for (const [{ traceId, spanId }, action] of [
          [signedIn, "auth.sign_in"],
          [signedOut, "auth.sign_out"],
        ] as const) {
          const events = await eventsOf(traceId);
          expect(events).toMatchObject([
            { action, status: "success", actor: "alice", details: { "user.email": alice.email } },
          ]);
          const request = await spans.requestSpan(traceId, events[0]?.details["span_id"]);
          expect(request.parentSpanId).toBe(spanId);
          expect(request.name).toMatch(/^POST/);
        }
      });

      it.each(failures)("$name gives one proven event", async (failure) => {
        const visitor = await visit();
        const { traceId } = await visitor.signIn(failure.email, failure.password, way);
        expect(await visitor.problem.textContent()).toContain(failure.says);
        await visitor.page.context().close();

        expect(await eventsOf(traceId)).toMatchObject([
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
      const visitor = await visit();
      const seen = new Set<string>();
      for (const email of [alice.email, "nobody@example.com"]) {
        await visitor.signIn(email, "wrong");
        seen.add(`${visitor.page.url()} ${await visitor.page.locator(".problem").textContent()}`);
      }
      await visitor.page.context().close();
      expect(seen.size).toBe(1);
    });

    it("a request without a trace gets one of its own", async () => {
      await new FormClient(app.url).signIn("untraced@example.com", "wrong");
      const [event] = await arrivedEvents(ledger, '"untraced@example.com"');
      const { trace_id: traceId, span_id: spanId } = event?.details ?? {};
      expect(await spans.requestSpan(String(traceId), spanId)).toMatchObject({ traceId });
    });
  },
);
