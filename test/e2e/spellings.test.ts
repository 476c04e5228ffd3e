import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtApp, example } from "./support/built-app.ts";
import { type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { type RawAnswer, RawClient } from "./support/raw-client.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { settledEvents } from "./support/settled-events.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";

const alice = { email: "alice@example.com", password: "white-rabbit" };

/** Ways in which a client can write `callback/credentials`; which of them are one, NextAuth knows. */
const spellings = [
  "callback/credentials",
  "callback/credentials/",
  "callback/credentials/x",
  "callback/credentials/signout/session",
  "%63allback/credentials",
  "callback/credential%73",
  "callback%2Fcredentials",
  "callback//credentials",
  "/callback/credentials",
  "./callback/credentials",
  "x/../callback/credentials",
  "%2e/callback/credentials",
  "CALLBACK/credentials",
  "callback/Credentials",
  "callback/credentials%20",
  "callback/credentials?error=access_denied",
  "callback/credentials?nextauth=session",
  "callback/credentials?nextauth=signout&nextauth=x&csrf=true",
  "nothing/callback/credentials",
  "signin/callback/credentials",
] as const;

const attempt = `auth.sign_in ${alice.email}`;

/** Whether a request's events are what they have to be: its attempt's one, or at most one that it was refused. */
function isRight(found: string, ran: boolean, expected: string): boolean {
  return ran ? found === expected : /^(?:auth\.request\.reject [^,]*)?$/.test(found);
}

const parts = [
  { name: "next-auth 4, app router", app: "next-auth-v4", basePath: "/api/auth", atLeast: 10 },
  {
    name: "next-auth 4, pages router",
    app: "next-auth-v4",
    basePath: "/api/pages-auth",
    atLeast: 10,
  },
  { name: "next-auth 5", app: "auth-js-v5", basePath: "/api/auth", atLeast: 5 },
] as const;

describe.each(["next-auth-v4", "auth-js-v5"])("a production build of %s", (name) => {
  let ledger: TemporaryLedger;
  let app: RunningApp;

  beforeAll(async () => {
    ledger = await temporaryLedger();
    app = await startApp(await builtApp("turbopack", example(name)), {
      ...ledger.settings,
      NEXTAUTH_SECRET: "a-secret-for-tests-alone",
      DATABASE_PATH: join(ledger.folder, "users.db"),
    });
  });

  afterAll(async () => {
    await app?.stop();
    await ledger?.[Symbol.asyncDispose]();
  });

  /** Every event of some requests, when none of them can be missing any more. */
  async function eventsOf(answers: readonly RawAnswer[]): Promise<ProvenEvent[][]> {
    await settledEvents(app, ledger, "0");
    return Promise.all(answers.map(({ traceId }) => provenEvents(ledger, `"${traceId}"`)));
  }

  describe.each(parts.filter((part) => part.app === name))("$name", ({ basePath, atLeast }) => {
    it("each wrong password that reached authorize is one event, however its path is spelled", async () => {
      const answers: RawAnswer[] = [];
      for (const [number, path] of spellings.entries()) {
        // Rejects come one by one only for the first few of each address.
        const client = new RawClient(app.url, `10.1.0.${number}`);
        answers.push(await client.post(basePath, path, { ...alice, password: "wrong" }));
      }
      const events = await eventsOf(answers);
      const seen = answers.map(({ location }, number) => ({
        path: spellings[number],
        // NextAuth says so itself.
        ran: location.includes("error=CredentialsSignin"),
        found: events[number]?.map(({ action, target }) => [action, target].join(" ")).join() ?? "",
      }));
      expect(seen.filter(({ ran }) => ran).length).toBeGreaterThanOrEqual(atLeast);
      expect(seen.filter(({ ran, found }) => !isRight(found, ran, attempt))).toEqual([]);
    });

    it("each sign-out that ended a session is one event, however its path is spelled", async () => {
      const answers: RawAnswer[] = [];
      const paths = [
        "signout",
        "signout/",
        "signout/x",
        "%73ignout",
        "signout/callback/credentials",
        "SIGNOUT",
      ];
      for (const [number, path] of paths.entries()) {
        const client = new RawClient(app.url, `10.2.0.${number}`);
        await client.post(basePath, "callback/credentials", alice);
        answers.push(await client.post(basePath, path, {}));
      }
      const events = await eventsOf(answers);
      const seen = answers.map(({ setCookies }, number) => ({
        path: paths[number],
        ran: setCookies.some((line) => /session-token=;/.test(line)),
        found: events[number]?.map(({ action, actor }) => `${action} ${actor}`).join() ?? "",
      }));
      expect(seen.filter(({ ran }) => ran).length).toBeGreaterThan(1);
      expect(seen.filter(({ ran, found }) => !isRight(found, ran, "auth.sign_out alice"))).toEqual(
        [],
      );
    });

    it("a request that NextAuth refuses is one rejected request", async () => {
      const client = new RawClient(app.url, "10.3.0.1");
      const answers = [
        await client.send(`${basePath}/nothing`),
        await client.send(`${basePath}/callback/credentials`),
        await client.post(basePath, "callback", {}),
        await client.send(`${basePath}/session`, { method: "HEAD" }),
      ];
      const found = (await eventsOf(answers)).map((events) =>
        events.map(({ action, details }) => `${action} ${String(details["error.type"])}`),
      );
      expect(found).toEqual([
        ["auth.request.reject UnknownAction"],
        ["auth.request.reject InvalidProvider"],
        ["auth.request.reject InvalidProvider"],
        ["auth.request.reject UnknownAction"],
      ]);
    });

    it.skipIf(basePath === "/api/pages-auth")(
      "a body that is no JSON is one rejected request",
      async () => {
        const answer = await new RawClient(app.url, "10.4.0.1").send(
          `${basePath}/callback/credentials`,
          {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: "{",
          },
        );
        const [events] = await eventsOf([answer]);
        expect(events?.map(({ action, details }) => [action, details["error.type"]])).toEqual([
          ["auth.request.reject", "UnreadableBody"],
        ]);
      },
    );
  });
});
