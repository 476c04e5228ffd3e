import { spawn } from "node:child_process";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "./support/built-app.ts";
import { DemoPage, launchBrowser, type Way } from "./support/demo-page.ts";
import { FormClient } from "./support/form-client.ts";
import { loopbackServer } from "./support/loopback-server.ts";
import { until } from "./support/until.ts";

interface Demo extends AsyncDisposable {
  output(): string;
  /** Asks it to stop, as Ctrl+C does. */
  interrupt(): void;
  exitCode: Promise<number | null>;
}

function startDemo(...args: string[]): Demo {
  const child = spawn(process.execPath, [join(repository, "examples/demo.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const exitCode = once(child, "close").then(([code]) => code as number | null);
  return {
    output: () => output,
    interrupt: () => child.kill("SIGINT"),
    exitCode,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exitCode;
    },
  };
}

/**
 * Signs in and out by each way that the page offers, as somebody who opened that address, and edits the
 * ledger in between.
 */
async function everyWay(url: string, ways: readonly Way[], demo: Demo): Promise<void> {
  await using browser = await launchBrowser();
  const page = await browser.newPage();
  const visitor = new DemoPage(page, url);
  const signedIn = async (): Promise<void> => {
    await page.getByRole("heading", { name: "Signed in" }).waitFor();
    expect(page.url()).toBe(`${url}/`);
  };
  const signOut = async (way?: Way): Promise<void> => {
    await visitor.signOut(way);
    expect(page.url()).toBe(`${url}/`);
    await page.goto(url);
    await page.getByLabel("Password").waitFor();
  };

  for (const way of ways) {
    await visitor.signIn("alice@example.com", "white-rabbit", way);
    await signedIn();
    await signOut(way);
  }

  await page.getByRole("button", { name: "Edit the ledger and watch" }).click();
  await page.locator("tr.broken").getByText("proof failed").waitFor();
  await page.getByRole("button", { name: "Undo the edit" }).click();
  await page.locator("tr.broken").waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Continue with local OpenID" }).click();
  await page.getByRole("heading", { name: "The local OpenID provider" }).waitFor();
  await page.getByRole("button", { name: /^Bob/ }).click();
  await signedIn();
  await signOut();

  await page.getByLabel("Address for a link").fill("zoe@example.com");
  await page.getByRole("button", { name: "E-mail me a link" }).click();
  await page.getByText("The link is on its way").waitFor();
  const mail = /An e-mail to zoe@example\.com says: +(\S+)/;
  await page.goto(await until("the e-mail", () => mail.exec(demo.output())?.[1]));
  await signedIn();
}

const interfaces = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);

/** The addresses that `localhost` may stand for. Not every machine has the second one. */
const loopback = interfaces.some(({ address }) => address === "::1")
  ? ["127.0.0.1", "::1"]
  : ["127.0.0.1"];

/** A build takes its time where other things run as well. */
const longestBuildMillis = 150_000;

describe("npm run demo", () => {
  it.each<{ name: string; args: string[]; pages: string[]; ways: Way[] }>([
    { name: "the default", args: [], pages: ["/"], ways: ["by server action", "by route handler"] },
    // Its one way has the button that needs no more words.
    { name: "v4", args: ["v4"], pages: ["/", "/pages-router"], ways: ["by server action"] },
  ])(
    "$name says where to click and who is there, tells each event in a line, and stops cleanly",
    async ({ args, pages, ways }) => {
      await using demo = startDemo(...args);
      const url = await until(
        "the address to click",
        async () => {
          const open = /Open {2}(http:\S+)/.exec(demo.output())?.[1];
          if (open === undefined && demo.output().includes("failed"))
            throw new Error(demo.output());
          return open;
        },
        longestBuildMillis,
      );
      for (const page of pages) {
        expect(demo.output()).toContain(new URL(page, url).href.replace(/\/$/, ""));
        expect((await fetch(new URL(page, url))).status).toBe(200);
      }
      expect(demo.output()).toMatch(/alice@example\.com +white-rabbit/);

      const client = new FormClient(url);
      expect(await client.signIn("mallory@example.com", "wrong")).toContain("CredentialsSignin");
      expect(await client.signIn("alice@example.com", "white-rabbit")).toBe("/");
      const line = await until(
        "the line of the sign-in",
        () => /.*auth\.sign_in +alice@example\.com.*/.exec(demo.output())?.[0],
      );
      expect(line).toMatch(/✓ auth\.sign_in .* from 127\.0\.0\.1 {2}trace [0-9a-f]{32}$/);
      expect(demo.output()).toMatch(
        /✗ auth\.sign_in +mallory@example\.com \(invalid_credentials\)/,
      );

      await everyWay(url, ways, demo);

      demo.interrupt();
      expect(await demo.exitCode).toBe(0);
      await expect(fetch(url)).rejects.toThrow("fetch failed");
    },
    longestBuildMillis + 30_000,
  );

  it.for(loopback)("refuses a port of %s that is taken, where asked for that one", async (host) => {
    await using other = await loopbackServer((_, response) => response.end(), host);
    await using demo = startDemo("v5", "--port", new URL(other.url).port);
    expect(await demo.exitCode).toBe(1);
    expect(demo.output()).toContain("is taken. Give another one with --port.");
  });

  it.each(["--help", "-h"])("explains itself when asked by %s", async (option) => {
    await using demo = startDemo(option);
    expect(await demo.exitCode).toBe(0);
    expect(demo.output()).toMatch(/^Usage: npm run demo/);
  });

  it("explains itself when it does not understand an argument", async () => {
    await using demo = startDemo("v9");
    expect(await demo.exitCode).toBe(2);
    expect(demo.output()).toContain("Usage: npm run demo");
    expect(demo.output()).toMatch(/v5 {2}Auth\.js 5.*\n.*v4 {2}next-auth 4/);
  });
});
