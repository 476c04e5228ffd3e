import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { twoCopies } from "./fixtures/two-copies.ts";
import { builtApp, type BuiltApp, type Bundler } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { arrivedEvents, provenEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";

describe.each<Bundler>(["turbopack", "webpack"])(
  "two copies of the package, a proxy and an edge route, built by %s",
  (bundler) => {
    let built: BuiltApp;
    let ledger: TemporaryLedger;
    let app: RunningApp;

    beforeAll(async () => {
      built = await builtApp(bundler, twoCopies);
      ledger = await temporaryLedger();
      app = await startApp(built, ledger.settings);
    });

    afterAll(async () => {
      await app?.stop();
      await ledger?.[Symbol.asyncDispose]();
    });

    it("the build says nothing about authlog, and warns of nothing", () => {
      expect(built.buildOutput).not.toMatch(/authlog|warn|error/i);
    });

    it("each attempt gives one event, though capture and delivery are of different copies", async () => {
      const client = new FormClient(app.url);
      expect(await client.signIn("ann@example.com", "wrong")).toContain("CredentialsSignin");
      expect(await client.signIn("ann@example.com", "right")).toBe("/");
      expect(await client.signOut()).toBe("/");

      // The last event follows all others, so when it is there none can be missing.
      await arrivedEvents(ledger, 'action:"auth.sign_out"');
      expect(await provenEvents(ledger)).toMatchObject([
        { action: "auth.sign_in", status: "failure:invalid_credentials" },
        { action: "auth.sign_in", status: "success", actor: "ann@example.com" },
        { action: "auth.sign_out", status: "success", actor: "ann@example.com" },
      ]);
      expect(app.output()).not.toContain("ERR_AUTHLOG");
    });

    it("the proxy sees the session, and makes no event of it", async () => {
      const client = new FormClient(app.url);
      await client.signIn("pam@example.com", "right");
      expect(await client.get("/guarded")).toMatchObject({ email: "pam@example.com" });
      await client.signOut();

      await arrivedEvents(ledger, 'action:"auth.sign_out" "pam@example.com"');
      expect(await provenEvents(ledger, '"pam@example.com"')).toHaveLength(2);
    });

    it("an edge route can use what authlog exports", async () => {
      const client = new FormClient(app.url);
      expect(await client.get("/edge/names")).toMatchObject({
        names: expect.arrayContaining(["eventNames", "AuthlogError"]) as string[],
        wraps: "function",
      });
    });

    it("a sign-in on the edge succeeds, and says that its event has nowhere to go", async () => {
      const client = new FormClient(app.url, "/edge/auth");
      expect(await client.signIn("eddy@example.com", "right")).toBe("/");
      expect(app.output()).toContain("ERR_AUTHLOG_NO_SINK");
    });
  },
);
