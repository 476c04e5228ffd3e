import { beforeAll, describe, expect, it } from "vitest";
import { builtApp, type BuiltApp } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { heldProxy } from "./support/held-proxy.ts";
import { arrivedEvents, provenEvents } from "./support/proven-events.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";
import { until } from "./support/until.ts";

const alice = ["alice@example.com", "white-rabbit"] as const;

describe("a receiver that is not there", () => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack");
  });

  it("refuses connections: people sign in and out as ever, and all of it arrives when it is back", async () => {
    await using ledger = await temporaryLedger();
    await ledger.close();
    await using app = await startApp(built, ledger.settings);
    await attemptAllKinds(app.url);
    expect(app.output()).toContain("ERR_AUTHLOG_DELIVERY_RETRYABLE");

    await ledger.reopen();
    await expectAllKinds(ledger);
  });

  it("never answers: people sign in and out while its request is open", async () => {
    await using ledger = await temporaryLedger();
    await using proxy = await heldProxy(ledger.url);
    await using app = await startApp(built, {
      ...ledger.settings,
      PANGEA_BASE_URL_TEMPLATE: proxy.url,
    });
    await new FormClient(app.url).signIn("first@example.com", "wrong");
    await until("a delivery to hang", () => (proxy.held() > 0 ? true : undefined));

    await attemptAllKinds(app.url);
    expect(proxy.held()).toBeGreaterThan(0);
    expect(await provenEvents(ledger)).toEqual([]);

    proxy.release();
    await expectAllKinds(ledger);
  });
});

async function attemptAllKinds(url: string): Promise<void> {
  const client = new FormClient(url);
  expect(await client.signIn("alice@example.com", "wrong")).toContain("CredentialsSignin");
  expect(await client.signIn(...alice)).toBe("/");
  expect(client.cookies.get("authjs.session-token")).toBeTruthy();
  expect(await client.signOut()).toBe("/");
}

async function expectAllKinds(ledger: Parameters<typeof provenEvents>[0]): Promise<void> {
  await arrivedEvents(ledger, 'action:"auth.sign_out"');
  const events = await provenEvents(ledger, '"alice@example.com"');
  expect(events.map(({ action, status }) => `${action} ${status}`)).toEqual([
    "auth.sign_in failure:invalid_credentials",
    "auth.sign_in success",
    "auth.sign_out success",
  ]);
}
