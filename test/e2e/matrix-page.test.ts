import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import { type Identity, startIdentity } from "../../examples/identity/start-identity.ts";
import { demoUsers } from "../../examples/shared/lib/demo-users.ts";
import { builtApp, type BuiltApp, example } from "./support/built-app.ts";
import { launchBrowser } from "./support/demo-page.ts";
import { arrivedEvents, type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";
import { until } from "./support/until.ts";
import { Visitor } from "./support/visitor.ts";

/** Where the page sends what its buttons do: with Auth.js 5 to server actions, with next-auth 4 to the handler. */
describe.each(["auth-js-v5", "next-auth-v4"])("without a password, on the page of %s", (name) => {
  let built: BuiltApp;
  let browser: Browser;
  let identity: Identity;
  let ledger: TemporaryLedger;
  let app: RunningApp;
  let page: Page;

  beforeAll(async () => {
    built = await builtApp("turbopack", example(name));
    browser = await launchBrowser();
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    identity = await startIdentity({ people: demoUsers });
    ledger = await temporaryLedger();
    app = await startApp(built, {
      ...ledger.settings,
      ...identity.settings,
      NEXTAUTH_SECRET: "a-secret-for-tests-alone",
      DATABASE_PATH: join(ledger.folder, "users.db"),
    });
    page = await browser.newPage();
    await page.goto(app.url);
  });

  afterEach(async () => {
    await page?.context().close();
    await app?.stop();
    await ledger?.[Symbol.asyncDispose]();
    await identity?.close();
  });

  it("one signs in at the OpenID provider, and out again", async () => {
    await press("Continue with local OpenID");
    // The page of the app has buttons with the same names.
    await page.getByRole("heading", { name: "The local OpenID provider" }).waitFor();
    await press(/^Bob/);
    await page.getByRole("heading", { name: "Signed in" }).waitFor();
    await press("Sign out");
    await page.getByLabel("Password").waitFor();
    expect(await summaries()).toEqual([
      "auth.user.create success bob@example.com",
      "auth.account.link success bob@example.com",
      "auth.sign_in success bob@example.com",
      "auth.sign_out success bob@example.com",
    ]);
  });

  it("one refuses at the OpenID provider, and reads what that means", async () => {
    await press("Continue with local OpenID");
    await press("Cancel");
    await page.getByText("The provider did not sign you in").waitFor();
    expect(await summaries()).toEqual(["auth.sign_in failure:access_denied nobody"]);
  });

  it("a provider that does not answer is our problem, and is told once", async () => {
    await identity.openId.close();
    await press("Continue with local OpenID");
    await page.getByText("Something failed on our side").waitFor();
    expect(await summaries()).toEqual(["auth.sign_in failure:provider_error nobody"]);
  });

  it("one asks for a link, and signs in by it", async () => {
    await page.getByLabel("Address for a link").fill("zoe@example.com");
    await press("E-mail me a link");
    await page.getByText("The link is on its way").waitFor();
    const link = await until("the e-mail", () => identity.mail.mails.at(-1)?.link);
    await page.goto(link);
    await page.getByRole("heading", { name: "Signed in" }).waitFor();
    expect(await summaries()).toEqual([
      "auth.verification.request success zoe@example.com",
      "auth.user.create success zoe@example.com",
      "auth.sign_in success zoe@example.com",
    ]);
  });

  it("a link that cannot go out is our problem, and is told once", async () => {
    identity.mail.refuse(true);
    await page.getByLabel("Address for a link").fill("zoe@example.com");
    await press("E-mail me a link");
    await page.getByText("Something failed on our side").waitFor();
    expect(await summaries()).toEqual([
      "auth.verification.request failure:email_send_failed zoe@example.com",
    ]);
  });

  const press = (button: string | RegExp): Promise<void> =>
    page.getByRole("button", { name: button, exact: true }).click();

  /** Every event, once a later one is there: nothing before it can then be missing. */
  async function summaries(): Promise<string[]> {
    const last = new Visitor({ url: app.url, identity });
    await last.signIn("the-last@example.com", "wrong");
    await arrivedEvents(ledger, `"${last.traceId}"`);
    const events = await provenEvents(ledger);
    return events.slice(0, -1).map(summaryOf);
  }
});

function summaryOf({ action, status, details }: ProvenEvent): string {
  const text = (name: string): string | undefined => details[name] as string | undefined;
  return `${action} ${status} ${text("user.email") ?? text("auth.attempted.identifier") ?? "nobody"}`;
}
