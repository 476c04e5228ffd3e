import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Identity, startIdentity } from "../../examples/identity/start-identity.ts";
import { passkeys } from "./fixtures/passkeys.ts";
import { builtApp } from "./support/built-app.ts";
import { launchBrowser } from "./support/demo-page.ts";
import { arrivedEvents, provenEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";
import { newTrace } from "./support/trace.ts";
import { Visitor } from "./support/visitor.ts";

const passkey = { "auth.provider.id": "passkey", "auth.provider.type": "webauthn" };
const pat = { "auth.outcome": "success", "user.email": "pat@example.com", ...passkey };

const refused = (email: string) => ({
  action: "auth.sign_in",
  status: "failure:access_denied",
  actor: "anonymous",
  target: email,
  details: { "error.type": "AccessDenied", ...passkey },
});

describe("passkeys, in a production build with Auth.js 5 and a virtual authenticator", () => {
  let ledger: TemporaryLedger;
  let identity: Identity;
  let app: RunningApp;
  let browser: Browser;
  let page: Page;
  let settled = 0;

  beforeAll(async () => {
    const built = await builtApp("turbopack", passkeys);
    ledger = await temporaryLedger();
    identity = await startIdentity({ people: [] });
    const settings = { ...ledger.settings, DATABASE_PATH: join(ledger.folder, "users.db") };
    app = await startApp(built, settings);
    browser = await launchBrowser();
    page = await browser.newPage();
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await identity?.close();
    await ledger?.[Symbol.asyncDispose]();
  });

  it("who registers one is a new user, with an account, who signed in", async () => {
    const events = await eventsOf(() => press("Register", "pat@example.com"));
    expect(events).toMatchObject([
      { action: "auth.user.create", details: pat },
      { action: "auth.account.link", details: pat },
      { action: "auth.sign_in", details: { ...pat, "auth.user.is_new": true } },
    ]);
  });

  it("who shows it again signed in", async () => {
    await page.context().clearCookies();
    const events = await eventsOf(() => press("Sign in", "pat@example.com"));
    expect(events).toMatchObject([
      { action: "auth.sign_in", details: { ...pat, "auth.user.is_new": false } },
    ]);
  });

  it("who shows one, and is refused by the signIn callback, failed to sign in", async () => {
    await page.context().clearCookies();
    await fetch(`${app.url}/bar?email=pat@example.com`, { method: "POST" });
    const events = await eventsOf(() => pressInVain("Sign in"));
    expect(events).toMatchObject([refused("pat@example.com")]);
  });

  // From here on the authenticator has a key that the app never took, and shows that one.
  it("who registers one, and is refused by the signIn callback, is no new user", async () => {
    await page.context().clearCookies();
    const events = await eventsOf(() => pressInVain("Register as Dave"));
    expect(events).toMatchObject([refused("dave@example.com")]);
  });

  it("one that the app does not know is a failed sign-in", async () => {
    await page.context().clearCookies();
    await fetch(`${app.url}/forget`, { method: "POST" });
    const events = await eventsOf(() => pressInVain("Sign in"));
    expect(events).toMatchObject([
      {
        action: "auth.sign_in",
        status: "failure:invalid_credentials",
        actor: "anonymous",
        details: { "error.type": "AuthError", ...passkey },
      },
    ]);
  });

  it("an answer that nobody asked for is a failed sign-in", async () => {
    const visitor = new Visitor({ url: app.url, identity });
    await visitor.post("callback/passkey", { action: "authenticate", data: "{}" });
    await settle();
    expect(await provenEvents(ledger, `"${visitor.traceId}"`)).toMatchObject([
      { action: "auth.sign_in", status: "failure:invalid_credentials", details: passkey },
    ]);
  });

  async function open(): Promise<void> {
    await page.goto(app.url);
    await page.getByRole("heading", { name: "Nobody" }).waitFor();
  }

  async function press(button: string, signedIn: string): Promise<void> {
    await open();
    await page.getByRole("button", { name: button, exact: true }).click();
    await page.getByRole("heading", { name: signedIn }).waitFor();
  }

  async function pressInVain(button: string): Promise<void> {
    await open();
    await page.getByRole("button", { name: button, exact: true }).click();
    await page.waitForURL(/error=/);
  }

  /** Everything that the page's requests left, when a later event is there. */
  async function eventsOf(act: () => Promise<void>) {
    const { traceId, headers } = newTrace();
    await page.setExtraHTTPHeaders(headers);
    await act();
    await settle();
    return provenEvents(ledger, `"${traceId}"`);
  }

  async function settle(): Promise<void> {
    // Of one address the like of it are soon counted, and told later.
    settled += 1;
    const last = new Visitor({ url: app.url, identity, address: `10.0.0.${settled}` });
    await last.post("signin/nobody");
    await arrivedEvents(ledger, `"${last.traceId}"`);
  }
});
