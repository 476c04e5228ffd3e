import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { readTrail } from "../support/trail.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const script = join(root, "test/integration/fixtures/runtime.mjs");

/** A runtime, and what authlog says of it. The matrix names the programs of those that npm brings. */
interface Runtime {
  readonly name: RegExp;
  readonly command: readonly string[] | undefined;
  /** Whether it has `node:sqlite`. */
  readonly sqlite: boolean;
}

const { AUTHLOG_TEST_NODE_20, AUTHLOG_TEST_BUN, AUTHLOG_TEST_DENO } = process.env;

const runtimes: Readonly<Record<string, Runtime>> = {
  "Node without SQLite": {
    name: /needs? node:sqlite, which Node \d+\.\d+\.\d+ lacks/,
    command: [process.execPath, "--no-experimental-sqlite"],
    sqlite: false,
  },
  "Node 20": {
    name: /node:sqlite, which Node 20\.\d+\.\d+ lacks/,
    command: commandOf(AUTHLOG_TEST_NODE_20 ?? systemNode20()),
    sqlite: false,
  },
  Bun: {
    name: /node:sqlite, which Bun \d+\.\d+\.\d+ lacks/,
    command: commandOf(AUTHLOG_TEST_BUN),
    sqlite: false,
  },
  Deno: {
    name: /embedded ledger cannot run on Deno \d+\.\d+\.\d+/,
    command: commandOf(AUTHLOG_TEST_DENO, "run", "-A", "--node-modules-dir=manual"),
    sqlite: true,
  },
};

function commandOf(program: string | undefined, ...args: string[]): readonly string[] | undefined {
  return program === undefined ? undefined : [program, ...args];
}

/** npm scripts bring a newer one: the system's own is elsewhere. */
function systemNode20(): string | undefined {
  const programs = ["/usr/bin/node", "/usr/local/bin/node"].filter((path) => existsSync(path));
  return programs.find((path) =>
    execFileSync(path, ["--version"], { encoding: "utf8" }).startsWith("v20."),
  );
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-runtime-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ran {
  code: unknown;
  flushed: boolean;
  /** The lines that are authlog's, one for each code. */
  said: string[];
}

async function runOn({ command = [] }: Runtime, env: Record<string, string> = {}): Promise<Ran> {
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, script], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      DENO_NO_UPDATE_CHECK: "1",
      AUTHLOG_LEDGER_PATH: join(folder, "own/ledger.db"),
      AUTHLOG_JOURNAL_DIR: join(folder, "own/journal"),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = (await Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
    once(child, "close"),
  ])) as [string[], string[], unknown[]];
  const said = stderr
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("[authlog]"));
  return { code, flushed: stdout.join("").trim() === "true", said };
}

describe.each(Object.entries(runtimes))("on %s", (_, runtime) => {
  const { name, command, sqlite } = runtime;
  const named: unknown = expect.stringMatching(name);

  it.runIf(command !== undefined)(
    "an app with a token captures and delivers all of it, after one message at most",
    async () => {
      const ledger = await startLedger({ path: join(folder, "pangea.db"), port: 0 });
      const settings = { PANGEA_TOKEN: ledger.token, PANGEA_BASE_URL_TEMPLATE: ledger.url };
      const byDefault = await runOn(runtime, settings);
      const inMemory = await runOn(runtime, { ...settings, AUTHLOG_DURABILITY: "memory" });
      const trail = await readTrail(ledger);
      await ledger.close();
      expect([byDefault, inMemory]).toMatchObject([
        { code: 0, flushed: true, said: sqlite ? [] : [named] },
        { code: 0, flushed: true, said: [] },
      ]);
      const actions = trail.map(({ action, status }) => `${action} ${status}`);
      const signIns = ["auth.sign_in failure:invalid_credentials", "auth.sign_in success"];
      const all = [...signIns, ...signIns, "runtime.checked success"];
      expect(actions.toSorted()).toEqual([...all, ...all].toSorted());
    },
  );

  it.runIf(command !== undefined)(
    "in an app without one register names what is missing, and the app runs on",
    async () => {
      const { code, flushed, said } = await runOn(runtime);
      expect([code, flushed]).toEqual([0, false]);
      const codes = said.filter((line) => line.includes("ERR_AUTHLOG_RUNTIME_UNSUPPORTED"));
      expect(codes).toEqual([named]);
      // A second line says what the end of the process took with it; there is no third.
      const others = said.filter((line) => !codes.includes(line));
      expect(others.every((line) => line.includes("ERR_AUTHLOG_SHUTDOWN_INCOMPLETE"))).toBe(true);
      // Without SQLite nothing is even begun on the disk.
      expect(existsSync(join(folder, "own"))).toBe(sqlite);
    },
  );
});
