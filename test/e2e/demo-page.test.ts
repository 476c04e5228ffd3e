import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuiltApp, builtApp, example } from "./support/built-app.ts";
import { DemoPage, launchBrowser, type Way } from "./support/demo-page.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";

interface Case {
  name: string;
  folder: string;
  path: string;
  ways: Way[];
}

const pages: Case[] = [
  {
    name: "of Auth.js 5",
    folder: "auth-js-v5",
    path: "/",
    ways: ["by server action", "by route handler"],
  },
  // Its one way has the button that needs no more words.
  {
    name: "of next-auth 4 in the app router",
    folder: "next-auth-v4",
    path: "/",
    ways: ["by server action"],
  },
  {
    name: "of next-auth 4 in the pages router",
    folder: "next-auth-v4",
    path: "/pages-router",
    ways: ["by server action"],
  },
];

const rowOf = (page: Page, text: string): Locator =>
  page.getByRole("row").filter({ hasText: text }).first();

/** Waits for the end of a try: the form is then as it was sent, without the password. */
async function emptied(page: Page): Promise<void> {
  await expect.poll(() => page.getByLabel("Password").inputValue()).toBe("");
}

/** Asks an app to edit its ledger. */
async function attack(url: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${url}/api/attack`, { method: "POST", headers, body: "edit" })).status;
}

describe.each(pages)("the demo's page $name", ({ folder, path, ways }) => {
  let built: BuiltApp;
  let browser: Browser;
  let ledger: TemporaryLedger;
  let app: RunningApp;

  beforeAll(async () => {
    built = await builtApp("turbopack", example(folder));
    browser = await launchBrowser();
    ledger = await temporaryLedger();
    app = await startApp(built, {
      ...ledger.settings,
      NEXTAUTH_SECRET: "a-secret-for-tests-alone",
      DATABASE_PATH: join(ledger.folder, "users.db"),
      DEMO_LEDGER_PATH: join(ledger.folder, "ledger.db"),
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await ledger?.[Symbol.asyncDispose]();
  });

  const open = async (viewport = { width: 1280, height: 900 }): Promise<DemoPage> =>
    new DemoPage(await browser.newPage({ viewport }), app.url + path);
  it("opens a row to everything of the event, by mouse and by keyboard", async () => {
    const visitor = await open();
    const { page } = visitor;
    const { traceId } = await visitor.signIn("eve@example.com", "wrong");
    const button = rowOf(page, traceId).getByRole("button", { name: "auth.sign_in" });
    await button.click();
    const all = page.locator("tr.all:not([hidden])");
    const text = (await all.innerText()).replaceAll(/\s+/g, " ");
    expect(text).toContain(`trace_id ${traceId}`);
    expect(text).toMatch(/auth\.attempted\.identifier eve@example\.com/);
    expect(text).toMatch(/auth\.failure\.reason invalid_credentials/);
    expect(text).toMatch(/log\.record\.uid [0-9a-f-]{36}/);
    expect(text).toMatch(/hash [0-9a-f]{64}/);
    expect(text).toMatch(/proof The hash and its place in the log's tree were verified/);
    await page.keyboard.press("Enter");
    await all.waitFor({ state: "detached" });
    expect(await button.getAttribute("aria-expanded")).toBe("false");
    await page.keyboard.press("Space");
    await all.waitFor();
    await page.close();
  });

  it("edits the ledger in one click, shows what and where, and takes it back", async () => {
    const visitor = await open();
    const { page } = visitor;
    const { traceId } = await visitor.signIn("eve@example.com", "wrong");
    await rowOf(page, traceId).waitFor();
    await page.getByRole("button", { name: "Edit the ledger and watch" }).click();
    const row = page.locator("tr.broken");
    await row.waitFor();
    expect(await row.innerText()).toContain(traceId);
    expect(await row.innerText()).toMatch(/nobody@example\.com/);
    expect(await row.innerText()).toMatch(/The text does not match its hash/);
    expect(await row.innerText()).toMatch(/proof failed/);
    await page.getByText("1 of them is not what was written").waitFor();
    await page.getByRole("button", { name: "Undo the edit" }).click();
    await row.waitFor({ state: "detached" });
    expect(await rowOf(page, traceId).innerText()).toMatch(/eve@example\.com[^]*verified/);
    await page.close();
  });

  it.each(ways)("keeps the address after a failure %s, and never the password", async (way) => {
    const visitor = await open();
    const { page } = visitor;
    await visitor.signIn("eve@example.com", "wrong", way);
    await emptied(page);
    expect(await page.getByLabel("E-mail address").inputValue()).toBe("eve@example.com");
    // Once more on the same page, which then says what it said before.
    await page.getByLabel("E-mail address").fill("mallory@example.com");
    await page.getByLabel("Password").fill("wrong");
    await page.getByLabel("Password").press("Enter");
    await emptied(page);
    expect(await page.getByLabel("E-mail address").inputValue()).toBe("mallory@example.com");
    await page.close();
  });

  it("shows the log on a phone's first screen, after a failure too", async () => {
    const visitor = await open({ width: 390, height: 844 });
    const { page } = visitor;
    const { traceId } = await visitor.signIn("eve@example.com", "wrong");
    const row = rowOf(page, traceId);
    await row.waitFor();
    await page.evaluate(() => window.scrollTo(0, 0));
    const box = await row.boundingBox();
    expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThanOrEqual(844);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.close();
  });

  it("takes no edit from anybody but its own page", async () => {
    expect(await attack(app.url, {})).toBe(404);
    expect(await attack(app.url, { origin: "https://evil.example" })).toBe(404);
    expect(await attack(app.url, { origin: "null" })).toBe(404);
    using database = new DatabaseSync(join(ledger.folder, "ledger.db"), { readOnly: true });
    const edited = "SELECT count(*) AS n FROM event WHERE envelope LIKE '%nobody@example.com%'";
    expect(database.prepare(edited).get()?.["n"]).toBe(0);
  });

  it("offers no edit where the demo did not start it", async () => {
    await using other = await startApp(built, {
      ...ledger.settings,
      NEXTAUTH_SECRET: "a-secret-for-tests-alone",
    });
    const page = await browser.newPage();
    await page.goto(other.url + path);
    await page.getByRole("table").waitFor();
    expect(await page.getByRole("button", { name: /ledger/ }).count()).toBe(0);
    expect(await attack(other.url, { origin: other.url })).toBe(404);
    await page.close();
  });
});
