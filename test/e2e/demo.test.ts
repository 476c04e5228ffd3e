import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "./support/built-app.ts";
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

/** A build takes its time where other things run as well. */
const longestBuildMillis = 150_000;

describe("npm run demo", () => {
  it.each([
    { name: "the default", args: [], pages: ["/"] },
    { name: "v4", args: ["v4"], pages: ["/", "/pages-router"] },
  ])(
    "$name says where to click and who is there, tells each event in a line, and stops cleanly",
    async ({ args, pages }) => {
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

      demo.interrupt();
      expect(await demo.exitCode).toBe(0);
      await expect(fetch(url)).rejects.toThrow("fetch failed");
    },
    longestBuildMillis + 30_000,
  );

  it("refuses a port that is taken, where it was asked for that one", async () => {
    await using other = await loopbackServer((_, response) => response.end());
    await using demo = startDemo("v5", "--port", new URL(other.url).port);
    expect(await demo.exitCode).toBe(1);
    expect(demo.output()).toContain("is taken. Give another one with --port.");
  });

  it("explains itself when it does not understand an argument", async () => {
    await using demo = startDemo("v9");
    expect(await demo.exitCode).toBe(2);
    expect(demo.output()).toContain("Usage: npm run demo");
    expect(demo.output()).toMatch(/v5 {2}Auth\.js 5.*\n.*v4 {2}next-auth 4/);
  });
});
