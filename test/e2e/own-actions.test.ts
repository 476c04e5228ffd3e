import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ownActions } from "./fixtures/own-actions.ts";
import { builtApp, type BuiltApp, type Bundler } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { arrivedEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";

describe.each<Bundler>(["turbopack", "webpack"])(
  "an app that audits actions of its own, built by %s",
  (bundler) => {
    let built: BuiltApp;
    let ledger: TemporaryLedger;
    let app: RunningApp;

    beforeAll(async () => {
      built = await builtApp(bundler, ownActions);
      ledger = await temporaryLedger();
      app = await startApp(built, ledger.settings);
    });

    afterAll(async () => {
      await app?.stop();
      await ledger?.[Symbol.asyncDispose]();
    });

    it("tells who asked, for what, and how it ended", async () => {
      const client = new FormClient(app.url);
      await client.signIn("ann@example.com", "any");
      expect(await client.get("/api/refund/42")).toEqual({ id: "42" });
      expect(await client.get("/api/refund/theirs")).toEqual({ id: "theirs" });

      await arrivedEvents(ledger, '"invoice:theirs"');
      expect(await arrivedEvents(ledger, 'action:"billing.refund"')).toMatchObject([
        { status: "success", actor: "ann@example.com", target: "invoice:42" },
        { status: "failure:access_denied", actor: "ann@example.com", target: "invoice:theirs" },
      ]);
    });

    it("finds the request and its trace where nobody hands them over", async () => {
      expect(await new FormClient(app.url).get("/look?secret=x")).toBe("/look");
      const [event] = await arrivedEvents(ledger, 'action:"salary.read"');
      expect(event?.details).toMatchObject({
        "url.path": "/look",
        "client.address": expect.stringMatching(/^(?:127\.0\.0\.1|::1)$/) as string,
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      });
    });

    it("takes a server action that redirects for a success", async () => {
      const answer = await new FormClient(app.url).submit("/form", { name: "Ann" });
      expect(answer.headers.get("location")).toContain("/renamed/Ann");
      expect(await arrivedEvents(ledger, 'action:"user.rename"')).toMatchObject([
        { status: "success", details: { "url.path": "/form" } },
      ]);
    });

    it("leaves a page static that was, and complains of nothing while it is built", async () => {
      expect(built.buildOutput).toMatch(/○ \/static/);
      expect(built.buildOutput).not.toContain("ERR_AUTHLOG");
      expect(await (await fetch(`${app.url}/static`)).text()).toContain("the same for all");
    });

    it("answers on the edge, and says that the event has nowhere to go", async () => {
      expect(await new FormClient(app.url).get("/edge")).toBe("from the edge");
      expect(app.output()).toContain("ERR_AUTHLOG_NO_SINK");
    });
  },
);
