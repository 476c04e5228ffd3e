import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { readTrail, type TrailEvent } from "../support/trail.ts";

/** A process that registers authlog and signs somebody in; run against the built package. */
const script = fileURLToPath(new URL("fixtures/sign-in.ts", import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "authlog-register-"));
});

afterEach(() => rm(folder, { recursive: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function signIn(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...args], {
    env: {
      PATH: process.env.PATH,
      // On Node 22 the matrix silences warnings by it.
      NODE_OPTIONS: process.env.NODE_OPTIONS,
      AUTHLOG_LEDGER_PORT: "0",
      AUTHLOG_LEDGER_PATH: join(folder, "ledger.db"),
      AUTHLOG_JOURNAL_DIR: join(folder, "journal"),
      AUTHLOG_BANNER: "0",
      ...env,
    },
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (ended.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (ended.stderr += text));
  ended.code = await new Promise((resolve) => child.once("close", resolve));
  return ended;
}

/** What stands in the test's ledger, after the process that wrote it has ended. */
async function readLedger(): Promise<TrailEvent[]> {
  const ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0 });
  const trail = await readTrail(ledger);
  await ledger.close();
  return trail;
}

describe("register outside production, without a token", () => {
  it("starts the embedded ledger, and with tracing what happened stands in it with its trace", async () => {
    const { code, stderr, stdout } = await signIn({ AUTHLOG_TRACING: "true" }, "--exit");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { traceId } = JSON.parse(stdout) as { traceId: string };
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(await readLedger()).toMatchObject([
      { actor: "42", action: "auth.sign_in", status: "success", details: { trace_id: traceId } },
    ]);
  });

  it("starts no tracer where nothing asks for one", async () => {
    const { code, stderr, stdout } = await signIn({ OTEL_SERVICE_NAME: "shop" }, "--exit");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ traceId: "0".repeat(32) });
    const [event] = await readLedger();
    expect(event).toMatchObject({ action: "auth.sign_in", details: { "service.name": "shop" } });
    expect(event?.details).not.toHaveProperty("trace_id");
  });

  it("joins a ledger that another process serves", async () => {
    const ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0 });
    const { code, stderr } = await signIn({});
    await ledger.close();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await readLedger()).toHaveLength(1);
  });

  it("keeps the ledger's files to their owner", async () => {
    await signIn({ AUTHLOG_LEDGER_PATH: join(folder, ".authlog", "ledger.db") }, "--exit");
    const mode = async (name: string): Promise<number> =>
      (await stat(join(folder, name))).mode & 0o777;
    expect(await mode(".authlog")).toBe(0o700);
    expect(await mode(".authlog/ledger.db")).toBe(0o600);
    expect(await readFile(join(folder, ".authlog/.gitignore"), "utf8")).toBe("*\n");
  });
});

it("in production without a token it says so loudly, starts nothing, and the app goes on", async () => {
  const { code, stderr } = await signIn({ NODE_ENV: "production" });
  expect(code).toBe(0);
  expect(stderr).toContain("ERR_AUTHLOG_TOKEN_MISSING");
  await expect(stat(join(folder, "ledger.db"))).rejects.toMatchObject({ code: "ENOENT" });
});

const unreachable = { PANGEA_TOKEN: "pts_test", PANGEA_BASE_URL_TEMPLATE: "http://127.0.0.1:1" };

it("what is left when a process ends is delivered by the next", async () => {
  const { code, stderr } = await signIn(unreachable, "--exit-at-once");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  await signIn({}, "--exit");
  const trail = await readLedger();
  expect(new Set(trail.map(({ details }) => details["authlog.producer.id"])).size).toBe(2);
});

it("what is left in memory alone when the process ends is counted and said", async () => {
  const settings = { ...unreachable, AUTHLOG_DURABILITY: "memory" };
  const { stderr } = await signIn(settings, "--exit-at-once");
  expect(stderr).toContain("ERR_AUTHLOG_SHUTDOWN_INCOMPLETE");
  expect(stderr).toContain("with 1 audit record undelivered.");
});

it("switched off, it makes no event and says nothing", async () => {
  const { code, stderr } = await signIn({ AUTHLOG_ENABLED: "false" });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

it("in the edge runtime it does nothing", async () => {
  const { code, stderr } = await signIn({ NEXT_RUNTIME: "edge" });
  expect(code).toBe(0);
  expect(stderr).toContain("ERR_AUTHLOG_NO_SINK");
  await expect(stat(join(folder, "ledger.db"))).rejects.toMatchObject({ code: "ENOENT" });
});

it("says that tracing was asked for and the SDK is not installed; the event is in the ledger all the same", async () => {
  const hide = `import { registerHooks } from "node:module";
    registerHooks({ resolve(name, context, next) {
      if (name !== "@opentelemetry/sdk-node") return next(name, context);
      throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    } });`;
  const options = `${process.env.NODE_OPTIONS ?? ""} --import=data:text/javascript,${encodeURIComponent(hide)}`;
  const { code, stderr } = await signIn(
    { AUTHLOG_TRACING: "true", NODE_OPTIONS: options },
    "--exit",
  );
  expect(code).toBe(0);
  expect(stderr).toContain("ERR_AUTHLOG_SETUP_FAILED");
  expect(stderr).toContain("npm install @opentelemetry/sdk-node");
  expect(await readLedger()).toMatchObject([{ action: "auth.sign_in" }]);
});

it("says that the SDK for tracing cannot be loaded, and why; the event is in the ledger all the same", async () => {
  const broken = `import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) {
      if (url.includes("/@opentelemetry/sdk-node/")) throw new Error("a native part is missing");
      return next(url, context);
    } });`;
  const options = `${process.env.NODE_OPTIONS ?? ""} --import=data:text/javascript,${encodeURIComponent(broken)}`;
  const { code, stderr } = await signIn(
    { AUTHLOG_TRACING: "true", NODE_OPTIONS: options },
    "--exit",
  );
  expect(code).toBe(0);
  expect(stderr).toContain("a native part is missing");
  expect(stderr).toContain("the audit log has every event");
  expect(stderr).not.toContain("not delivered");
  expect(await readLedger()).toMatchObject([{ action: "auth.sign_in" }]);
});

it("with OTEL_SDK_DISABLED registers nothing, and its events arrive", async () => {
  const env = { OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  const ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0 });
  const { code, stderr, stdout } = await signIn(env);
  await ledger.close();
  expect({ code, stderr, stdout }).toEqual({
    code: 0,
    stderr: "",
    stdout: JSON.stringify({ traceId: "0".repeat(32) }),
  });
  expect(await readLedger()).toMatchObject([{ action: "auth.sign_in" }]);
});
