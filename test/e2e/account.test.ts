import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtApp, example } from "./support/built-app.ts";
import { DemoPage, launchBrowser } from "./support/demo-page.ts";
import type { ProvenEvent } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { settledEvents } from "./support/settled-events.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";
import { newTrace } from "./support/trace.ts";

const alice = ["alice@example.com", "white-rabbit"] as const;
const bob = ["bob@example.com", "can-we-fix-it"] as const;

describe.each(["auth-js-v5", "next-auth-v4"])("what a person does in %s", (name) => {
  let app: RunningApp;
  let ledger: TemporaryLedger;
  let browser: Browser;

  beforeAll(async () => {
    const built = await builtApp("turbopack", example(name));
    ledger = await temporaryLedger();
    const settings = { ...ledger.settings, DATABASE_PATH: join(ledger.folder, "users.db") };
    app = await startApp(built, settings);
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await ledger?.[Symbol.asyncDispose]();
  });

  async function signedIn([email, password]: readonly [string, string], path = ""): Promise<Page> {
    const context = await browser.newContext();
    const visitor = new DemoPage(await context.newPage(), app.url + path);
    await visitor.signIn(email, password);
    return visitor.page;
  }

  /** Presses a button, and gives the events of the trace that begins with it. */
  async function press(page: Page, button: string, says: string): Promise<ProvenEvent[]> {
    const { traceId, headers } = newTrace();
    await page.setExtraHTTPHeaders(headers);
    await page.getByRole("button", { name: button, exact: true }).click();
    await page.getByText(says).waitFor();
    return settledEvents(app, ledger, traceId);
  }

  it("a look at personal data is one event, and the data is not in it", async () => {
    const page = await signedIn(alice);
    const events = await press(page, "Show my personal data", "+1 555 0100");
    expect(events).toMatchObject([
      {
        action: "account.read",
        status: "success",
        actor: alice[0],
        details: { "account.fields": ["phone", "payment_card"], "url.path": "/api/account" },
      },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/555 0100|4242,/);
    await page.context().close();
  });

  it("a changed field is one event, and so is a change that is refused", async () => {
    const page = await signedIn(bob);
    const change = async (phone: string, says: string): Promise<ProvenEvent[]> => {
      await page.getByLabel("Phone number").fill(phone);
      return press(page, "Change it", says);
    };
    expect(await change("+49 30 5550", "is changed")).toMatchObject([
      { action: "user.phone.change", status: "success", actor: bob[0] },
    ]);
    expect(await change("none", "no phone number")).toMatchObject([
      { action: "user.phone.change", status: "failure", actor: bob[0] },
    ]);
    await page.context().close();
  });

  it("a refund is one event, and so is one that may not be given", async () => {
    for (const [person, says, status] of [
      [alice, "is refunded", "success"],
      [bob, "may not refund", "failure:access_denied"],
    ] as const) {
      const page = await signedIn(person);
      expect(await press(page, "Refund invoice 1001", says)).toMatchObject([
        { action: "billing.refund", status, actor: person[0], target: "invoice:1001" },
      ]);
      await page.context().close();
    }
  });

  it.runIf(name === "next-auth-v4")("the Pages Router tells of it, too", async () => {
    const page = await signedIn(alice, "/pages-router");
    expect(await press(page, "Show my personal data", "+1 555 0100")).toMatchObject([
      {
        action: "account.read",
        status: "success",
        actor: alice[0],
        details: { "url.path": "/api/pages-account" },
      },
    ]);
    await page.context().close();
  });
});
