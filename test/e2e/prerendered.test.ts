import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prerendered } from "./fixtures/prerendered.ts";
import { builtApp, type BuiltApp, type Bundler } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { arrivedEvents, provenEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";

describe.each([
  { major: "next-auth 5", bundler: "turbopack" },
  { major: "next-auth 4", bundler: "webpack" },
] as const satisfies { major: string; bundler: Bundler }[])(
  "an app under cacheComponents, $major, built by $bundler",
  ({ major, bundler }) => {
    let built: BuiltApp;
    let ledger: TemporaryLedger;
    let app: RunningApp;

    beforeAll(async () => {
      built = await builtApp(bundler, prerendered(major));
      ledger = await temporaryLedger();
      app = await startApp(built, ledger.settings);
    });

    afterAll(async () => {
      await app?.stop();
      await ledger?.[Symbol.asyncDispose]();
    });

    it("builds with static pages that call audit(), and complains of nothing", () => {
      expect(built.buildOutput).toMatch(/○ \/static/);
      expect(built.buildOutput).toMatch(/◐ \/visited/);
      expect(built.buildOutput).not.toMatch(/authlog|warn|error/i);
    });

    it("records what happens in a request, and nothing of what is rendered ahead", async () => {
      const client = new FormClient(app.url);
      await client.open("/static");
      await client.get("/api/static");
      expect(await (await client.open("/visited")).text()).toContain("null");
      await client.signIn("ann@example.com", "any");
      await client.signOut();
      await arrivedEvents(ledger, 'action:"auth.sign_out"');
      expect((await provenEvents(ledger)).map(({ action }) => action)).toEqual([
        "report.visit",
        "auth.sign_in",
        "auth.sign_out",
      ]);
      expect(app.output()).not.toContain("ERR_AUTHLOG");
    });
  },
);
