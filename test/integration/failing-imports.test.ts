import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { readTrail } from "../support/trail.ts";

const script = fileURLToPath(new URL("fixtures/failing-import.ts", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-import-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function runWith(args: string[], env: Record<string, string> = {}): Promise<unknown> {
  const child = spawn(process.execPath, [script, ...args], {
    env: {
      PATH: process.env.PATH,
      AUTHLOG_LEDGER_PATH: join(folder, "ledger.db"),
      AUTHLOG_JOURNAL_DIR: join(folder, "journal"),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.resume();
  const [stdout] = (await Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    once(child, "close"),
  ])) as [string[], unknown];
  return JSON.parse(stdout.join(""));
}

describe("a package that cannot be loaded the first time", () => {
  it("such as Pangea's SDK is asked for again, and what waited is delivered", async () => {
    const ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0 });
    const outcomes = await runWith(["pangea-node-sdk", "deliver"], {
      TOKEN: ledger.token,
      URL: ledger.url,
    });
    await ledger.close();
    expect(outcomes).toEqual([expect.stringContaining("EMFILE"), "delivered"]);
  });

  it.each(["authlog/ledger", "settings"])(
    "such as %s keeps no event from the ledger",
    async (name) => {
      await runWith([name, "register"]);
      const ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0 });
      const trail = await readTrail(ledger);
      await ledger.close();
      expect(trail).toMatchObject([{ actor: "42", action: "auth.sign_in" }]);
    },
  );

  it("such as Next.js's server is asked for at the next request", async () => {
    // One time that fails, and one that does not.
    expect(await runWith(["next/server.js", "hold"])).toEqual([true, true, 2]);
  });
});
