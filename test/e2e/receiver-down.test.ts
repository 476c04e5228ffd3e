import { beforeAll, describe, expect, it } from "vitest";
import { builtApp, type BuiltApp } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { heldProxy } from "./support/held-proxy.ts";
import { type LedgerAccess, type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";
import { until } from "./support/until.ts";

const alice = ["alice@example.com", "white-rabbit"] as const;

/** What {@link attemptAllKinds} leaves in the log. */
const allKinds = [
  "auth.sign_in failure:invalid_credentials",
  "auth.sign_in success",
  "auth.sign_out success",
];

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
    await until("the app to say so", () =>
      app.output().includes("ERR_AUTHLOG_DELIVERY_RETRYABLE") ? true : undefined,
    );

    await ledger.reopen();
    expect(await arrivedKinds(ledger)).toEqual(allKinds);
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
    expect(await arrivedKinds(ledger)).toEqual(allKinds);
  });
});

async function attemptAllKinds(url: string): Promise<void> {
  const client = new FormClient(url);
  expect(await client.signIn("alice@example.com", "wrong")).toContain("CredentialsSignin");
  expect(await client.signIn(...alice)).toBe("/");
  expect(client.cookies.get("authjs.session-token")).toBeTruthy();
  expect(await client.signOut()).toBe("/");
}

/**
 * What the ledger holds of it, once all has arrived, as it happened: a batch that failed for long can
 * be overtaken, and the producer's count tells the order all the same.
 */
async function arrivedKinds(ledger: LedgerAccess): Promise<string[]> {
  const events = await until("all events", async () => {
    const found = await provenEvents(ledger, '"alice@example.com"');
    return found.length < allKinds.length ? undefined : found;
  });
  return events
    .toSorted((one, other) => place(one) - place(other))
    .map(({ action, status }) => `${action} ${status}`);
}

const place = ({ details }: ProvenEvent): number => Number(details["authlog.sequence"]);
