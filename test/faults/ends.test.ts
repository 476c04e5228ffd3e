import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { serveLedger, type ServedLedger, temporaryFolder } from "../conformance/served-ledger.ts";
import { nothingWrong, Oracle, runPrefix } from "./support/oracle.ts";

const script = resolve(import.meta.dirname, "support/processes/ending.ts");

let ledgerFolder: ReturnType<typeof temporaryFolder>;
let ledger: ServedLedger;
beforeAll(async () => {
  ledgerFolder = temporaryFolder();
  ledger = await serveLedger(ledgerFolder.path);
});
afterAll(async () => {
  await ledger.stop();
  ledgerFolder[Symbol.dispose]();
});

let folder: string;
let oracle: Oracle;
const running = new Set<ChildProcess>();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-ends-"));
  oracle = new Oracle(join(folder, "notes"));
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const count = 20;
let runs = 0;
const nextRun = (): string => `${runPrefix}${String((runs += 1)).padStart(5, "0")}`;
const journal = (): string => join(folder, "journal");

interface Ended {
  code: number | null;
  signal: string | null;
  stderr: string;
}

interface RunOptions {
  run?: string;
  /** So many records. */
  of?: number;
  env?: Readonly<Record<string, string>>;
}

/** Runs a process to its end. It says when all its records were accepted. */
async function runTo(
  ending: string,
  url: string,
  { run = nextRun(), of = count, env }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [script, run, ending, String(of)], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      NODE_OPTIONS: process.env["NODE_OPTIONS"],
      AUTHLOG_BANNER: "0",
      PANGEA_TOKEN: ledger.token,
      PANGEA_BASE_URL_TEMPLATE: url,
      AUTHLOG_JOURNAL_DIR: journal(),
      OTEL_BLRP_SCHEDULE_DELAY: "5",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  running.delete(child);
  if (!stdout.includes("accepted")) throw new Error(`${ending}: ${stderr}`);
  oracle.note(run, of);
  return { code, signal, stderr };
}

/** Where nobody listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

const left = (): string[] =>
  existsSync(journal()) ? readdirSync(journal()).filter((name) => name !== ".gitignore") : [];

describe("a process that ends while the receiver is down", () => {
  const ends = [
    ["process.exit()", { code: 0 }],
    ["running dry", { code: 0 }],
    ["an uncaught exception", { code: 1 }],
    ["an unhandled rejection", { code: 1 }],
    ["SIGTERM without a handler", { signal: "SIGTERM" }],
    ["SIGTERM with a handler that exits", { code: 143 }],
    ["SIGKILL", { signal: "SIGKILL" }],
  ] as const;

  it.each(ends)("by %s leaves all that it accepted to the next one", async (ending, expected) => {
    expect(await runTo(ending, await closedPort())).toMatchObject(expected);
    expect(left()).toHaveLength(1);
    const before = await oracle.judge(ledger);
    expect(before.lost).toHaveLength(count);

    const { stderr } = await runTo("running dry", ledger.url, { of: 1 });
    expect(stderr).toBe("");
    expect(await oracle.judge(ledger)).toMatchObject({
      ...nothingWrong,
      accepted: count + 1,
      others: 0,
    });
    expect(left()).toEqual([]);
  });

  it.each(["process.exit()", "SIGKILL"])(
    "by %s loses all of it where the journal is switched off",
    async (ending) => {
      const env = { AUTHLOG_DURABILITY: "memory" };
      await runTo(ending, await closedPort(), { env });
      await runTo("running dry", ledger.url, { env, of: 1 });
      expect((await oracle.judge(ledger)).lost).toHaveLength(count);
    },
  );
});

describe("within one process", () => {
  it.each([
    ["two processors", 1],
    ["two providers, one after the other", 2],
    ["register, twice", 1],
    ["a worker thread that is terminated", 2],
  ])("%s do no harm on one journal", async (life, producers) => {
    const run = nextRun();
    const { stderr, code } = await runTo(life, ledger.url, { run });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    if (producers === 2) oracle.note(`${run}b`, count);
    // What a thread left that was terminated, its process may not have looked for yet.
    await runTo("running dry", ledger.url, { of: 1 });
    expect(await oracle.judge(ledger)).toMatchObject({
      ...nothingWrong,
      accepted: producers * count + 1,
      others: 0,
    });
    expect(left()).toEqual([]);
  });
});
