import { text } from "node:stream/consumers";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtApp, type BuiltApp } from "./support/built-app.ts";
import { DemoPage, launchBrowser } from "./support/demo-page.ts";
import { forward } from "./support/forward.ts";
import { loopbackServer } from "./support/loopback-server.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";

const forge = (answer: string): string => answer.replaceAll("eve@example.com", "ann@example.com");

describe("the example's page", () => {
  let built: BuiltApp;
  let browser: Browser;

  beforeAll(async () => {
    built = await builtApp("turbopack");
    browser = await launchBrowser();
  });

  afterAll(() => browser?.close());

  it("shows who tried what, in which trace, and that its proof is verified", async () => {
    await using ledger = await temporaryLedger();
    await using app = await startApp(built, ledger.settings);
    const visitor = new DemoPage(await browser.newPage(), app.url);
    const { traceId } = await visitor.signIn("eve@example.com", "wrong");
    const row = visitor.page.getByRole("row").filter({ hasText: traceId });
    await row.waitFor();
    expect(await row.textContent()).toMatch(
      /auth\.sign_in failure invalid credentials.*eve@example\.com claimed, not proven127\.0\.0\.1.*verified/,
    );
    const known = await visitor.signIn("alice@example.com", "white-rabbit");
    const proven = visitor.page.getByRole("row").filter({ hasText: known.traceId });
    expect(await proven.textContent()).toMatch(/auth\.sign_in success.*alice@example\.com127/);
    await visitor.page.close();
  });

  it("shows an edited event as one, and the others as they are", async () => {
    await using ledger = await temporaryLedger();
    await using forger = await loopbackServer(async (request, response) => {
      await forward(ledger.url, request, await text(request), response, forge);
    });
    await using app = await startApp(built, {
      ...ledger.settings,
      PANGEA_BASE_URL_TEMPLATE: forger.url,
    });
    const visitor = new DemoPage(await browser.newPage(), app.url);
    const honest = await visitor.signIn("bob@example.com", "wrong");
    const edited = await visitor.signIn("eve@example.com", "wrong");
    const rowOf = ({ traceId }: { traceId: string }): Promise<string | null> =>
      visitor.page.getByRole("row").filter({ hasText: traceId }).textContent();
    expect(await rowOf(edited)).toMatch(/ann@example\.com.*proof failed/);
    expect(await rowOf(honest)).toMatch(/bob@example\.com.*verified/);
    await visitor.page.getByText("1 of them is not what was written").waitFor();
    await visitor.page.close();
  });

  it("says so when the log does not answer, and goes on", async () => {
    await using ledger = await temporaryLedger();
    await using app = await startApp(built, ledger.settings);
    await ledger.close();
    const visitor = new DemoPage(await browser.newPage(), app.url);
    await visitor.signIn("alice@example.com", "white-rabbit");
    await visitor.page.getByText("does not answer right now").waitFor();
    await visitor.signOut();
    expect(await visitor.problem.count()).toBe(0);
    await visitor.page.close();
  });

  it("works on a phone without scrolling sideways", async () => {
    await using ledger = await temporaryLedger();
    await using app = await startApp(built, ledger.settings);
    const page = await browser.newPage({ viewport: { width: 320, height: 640 } });
    const { traceId } = await new DemoPage(page, app.url).signIn("eve@example.com", "wrong");
    await page.getByText(traceId).waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(320);
    await page.close();
  });

  it("asks nothing of any other machine", async () => {
    await using ledger = await temporaryLedger();
    await using app = await startApp(built, ledger.settings);
    const page = await browser.newPage();
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    await new DemoPage(page, app.url).signIn("alice@example.com", "white-rabbit");
    expect([...hosts]).toEqual([new URL(app.url).host]);
    await page.close();
  });
});
