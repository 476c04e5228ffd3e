import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { builtApp, type BuiltApp } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { arrivedEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { type TemporaryLedger, temporaryLedger } from "./support/temporary-ledger.ts";
import { newTrace } from "./support/trace.ts";
import { until } from "./support/until.ts";

describe("a server that ends while the receiver is down", () => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack");
  });

  const start = (ledger: TemporaryLedger): Promise<RunningApp> =>
    startApp(built, {
      ...ledger.settings,
      AUTHLOG_JOURNAL_DIR: journalOf(ledger),
      AUTHLOG_REQUEST_END_TIMEOUT: "500",
    });

  it.each(["kill", "stop"] as const)(
    "by %s: what happened arrives with the next start, once, with its request and trace",
    async (end) => {
      await using ledger = await temporaryLedger();
      await ledger.close();
      const { traceId, headers } = newTrace();
      const first = await start(ledger);
      const client = new FormClient(first.url);
      expect(await client.signIn("alice@example.com", "white-rabbit", headers)).toBe("/");
      await first[end]();

      await ledger.reopen();
      await using _ = await start(ledger);
      const events = await arrivedEvents(ledger, 'action:"auth.sign_in"');
      expect(events).toMatchObject([
        {
          status: "success",
          actor: expect.stringMatching(/./),
          details: {
            trace_id: traceId,
            "user.email": "alice@example.com",
            "http.request.method": "POST",
            "url.path": "/api/auth/callback/credentials",
          },
        },
      ]);
      await until("only the lane of the server that runs to be left", () =>
        lanesOf(ledger).length === 1 ? true : undefined,
      );
    },
  );

  it("by a kill loses it where the journal is switched off", async () => {
    await using ledger = await temporaryLedger();
    await ledger.close();
    const settings = { ...ledger.settings, AUTHLOG_DURABILITY: "memory" };
    const first = await startApp(built, settings);
    await new FormClient(first.url).signIn("alice@example.com", "white-rabbit");
    await first.kill();

    await ledger.reopen();
    await using second = await startApp(built, settings);
    await new FormClient(second.url).signIn("bob@example.com", "wrong");
    const events = await arrivedEvents(ledger, 'action:"auth.sign_in"');
    expect(events).toMatchObject([{ target: "bob@example.com" }]);
  });
});

const journalOf = ({ folder }: TemporaryLedger): string => join(folder, "journal");

function lanesOf(ledger: TemporaryLedger): string[] {
  return readdirSync(journalOf(ledger)).filter((name) => name !== ".gitignore");
}
