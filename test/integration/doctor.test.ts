import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { type AppState, startTicksOf } from "../../src/setup/app-state.ts";
import { numberedRecord } from "../support/journal.ts";
import { startSetUp } from "../support/set-up-process.ts";
import { until } from "../e2e/support/until.ts";
import { openJournal } from "../support/recovery.ts";
import { stateOf } from "../unit/cli/doctor/app-of.ts";
import { terminal } from "../unit/cli/recorded-terminal.ts";

let folder: string;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-doctor-"));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(folder, { recursive: true });
});

function write(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function install(name: string, version: string): void {
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, version }));
}

/** An app as the README makes it, which has run, and whose process is this one. */
function writeApp(state: Partial<AppState> = {}): void {
  write("package.json", "{}");
  install("authlog", "0.1.0");
  install("next", "16.4.5");
  install("next-auth", "5.0.0-beta.32");
  install("@opentelemetry/api", "1.10.0");
  write("instrumentation.ts", 'export { register } from "authlog/instrumentation";');
  const destination = { kind: "ledger", path: join(folder, ".authlog/ledger.db") } as const;
  const startTicks = startTicksOf(process.pid) ?? "";
  const here = { pid: process.pid, startTicks, destination };
  write(".authlog/app.json", JSON.stringify(stateOf({ ...here, ...state })));
}

/** The README's app, before anything has run in it. */
function writeFreshApp(): void {
  writeApp();
  rmSync(join(folder, ".authlog"), { recursive: true });
}

const stateOfApp = (holds: (state: AppState) => boolean): Promise<AppState> =>
  until("the app's file", () => {
    try {
      const text = readFileSync(join(folder, ".authlog/app.json"), "utf8");
      const state = JSON.parse(text) as AppState;
      return holds(state) ? state : undefined;
    } catch {
      return undefined;
    }
  });

interface Said {
  code: number;
  text: string;
  /** Status by id, of those checks that are not in order. */
  odd: Record<string, string>;
}

async function doctor(env: Record<string, string> = {}, ...args: string[]): Promise<Said> {
  const io = terminal(env);
  const code = await run(["doctor", "--dir", folder, "--json", ...args], io);
  const text = [...io.lines, ...io.errors].join("\n");
  const { checks } = JSON.parse(text) as { checks: { id: string; status: string }[] };
  const odd = checks.filter(({ status }) => status !== "ok");
  return { code, text, odd: Object.fromEntries(odd.map(({ id, status }) => [id, status])) };
}

/** An audit log that answers as it is told. */
async function receiver(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const openLedger = async (
  schema: "standard" | "tutorial" = "standard",
): Promise<Awaited<ReturnType<typeof startLedger>>> => {
  const ledger = await startLedger({ path: join(folder, ".authlog/ledger.db"), port: 0, schema });
  ends.push(ledger.close);
  return ledger;
};

describe("authlog doctor", () => {
  it("finds no fault in an app as the README makes it", async () => {
    writeApp();
    expect(await doctor()).toMatchObject({
      code: 0,
      odd: { "environment.otel-sdk": "skip", "destination.ledger": "skip" },
    });
  });

  it("in a folder that is no app says so, and does no more", async () => {
    const { code, odd } = await doctor();
    expect({ code, odd }).toEqual({
      code: 1,
      odd: { "environment.app": "fail", "destination.ledger": "skip" },
    });
  });

  it("with --no-write finds the ledger that runs, and leaves it as it is", async () => {
    writeApp();
    const ledger = await openLedger();
    const { code, odd, text } = await doctor({}, "--no-write");
    expect({ code, odd }).toEqual({
      code: 0,
      odd: { "environment.otel-sdk": "skip", "destination.round-trip": "skip" },
    });
    expect(text).toContain(ledger.url);
    expect(await countOf(ledger)).toBe(0);
  });

  it("appends one event, has its proof verified, and reads it back", async () => {
    writeApp();
    const ledger = await openLedger();
    const { code, odd, text } = await doctor({});
    expect({ code, odd }).toEqual({ code: 0, odd: { "environment.otel-sdk": "skip" } });
    expect(text).toContain("written, verified and read back");
    expect(await countOf(ledger)).toBe(1);
    expect(text).not.toContain(ledger.token);
    expect(text).not.toContain(ledger.readToken);
  });

  it("takes settings from the .env files that Next.js reads, and from the environment before them", async () => {
    const { token, readToken, url } = await openLedger();
    writeApp({ destination: { kind: "remote", url } });
    write(".env", `PANGEA_TOKEN=wrong\nPANGEA_BASE_URL_TEMPLATE=${url}\n`);
    write(".env.local", `PANGEA_TOKEN=${token}\nAUTHLOG_READ_TOKEN=${readToken}\n`);
    const found = await doctor({});
    expect(found.odd).toEqual({ "environment.otel-sdk": "skip" });
    expect(found.text).toContain('"source":".env.local"');
    expect(found.text).toContain("read back");

    const overridden = await doctor({ PANGEA_TOKEN: "another" });
    expect(overridden).toMatchObject({ code: 1, odd: { "destination.token": "fail" } });
    expect(overridden.text).toContain("The token is missing or wrong. Take one whose scope");
  });

  it("says that an append token alone cannot read", async () => {
    writeApp();
    const { token, url } = await openLedger();
    const said = await doctor({ PANGEA_TOKEN: token, PANGEA_BASE_URL_TEMPLATE: url });
    expect(said.code).toBe(0);
    expect(said.text).toContain("The token may not read.");
    const io = terminal({ PANGEA_TOKEN: token, PANGEA_BASE_URL_TEMPLATE: url });
    await run(["doctor", "--dir", folder], io);
    expect(io.lines).toContain(
      "  ✓ An event was written and verified, but not read back: set AUTHLOG_READ_TOKEN to a token that may read.",
    );
  });

  it("says of a schema without a field for the id what that means", async () => {
    writeApp();
    await openLedger("tutorial");
    const { code, odd, text } = await doctor({ AUTHLOG_SCHEMA: "tutorial" });
    expect({ code, odd }).toEqual({
      code: 0,
      odd: { "environment.otel-sdk": "skip", "configuration.schema": "warn" },
    });
    expect(text).toContain("The schema has no id to search for.");
  });

  it.each<[string, Record<string, string>, string]>([
    [
      "a signing key that is not there",
      { AUTHLOG_SIGNING_KEY_FILE: "no-such-key.pem" },
      "configuration.signing-key",
    ],
    ["no token in production", { NODE_ENV: "production" }, "destination.token"],
    [
      "a URL that would show the token",
      { PANGEA_TOKEN: "pts_secret", PANGEA_BASE_URL_TEMPLATE: "http://audit.example.com" },
      "destination.url",
    ],
    [
      "a setting that cannot be used",
      { AUTHLOG_LEDGER_PORT: "not-a-port" },
      "configuration.values",
    ],
  ])("finds %s", async (_, env, id) => {
    writeApp();
    const { code, odd, text } = await doctor(env);
    expect({ code, status: odd[id] }).toEqual({ code: 1, status: "fail" });
    expect(text).not.toMatch(/pts_secret|not-a-port/);
  });

  it("warns where a collector is named, and no SDK is there to send to it", async () => {
    writeApp();
    const { code, odd } = await doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" });
    expect({ code, sdk: odd["environment.otel-sdk"] }).toEqual({ code: 0, sdk: "warn" });
  });

  it("does not ask for a start of the app where authlog is switched off", async () => {
    writeFreshApp();
    const { code, odd } = await doctor({ AUTHLOG_ENABLED: "false" });
    expect({ code, enabled: odd["configuration.enabled"] }).toEqual({ code: 0, enabled: "warn" });
    expect(odd).not.toHaveProperty("wiring.register");
  });

  it("says of a file in the journal's place that it is no folder", async () => {
    writeApp();
    write("a-file", "");
    const { odd, text } = await doctor({ AUTHLOG_JOURNAL_DIR: "a-file" });
    expect(odd).toMatchObject({ "journal.folder": "fail", "journal.backlog": "warn" });
    expect(text).toContain("The system says ENOTDIR");
    expect(text).toContain("a-file is no folder");
    expect(text).not.toMatch(/EACCES|Another user/);
  });

  it("at memory tells events that an earlier run left in the journal", async () => {
    writeApp();
    const { journal } = openJournal(join(folder, ".authlog/journal"));
    journal.append(numberedRecord(1), "could", 1);
    journal.close();
    const { odd, text } = await doctor({ AUTHLOG_DURABILITY: "memory" });
    expect(odd).toMatchObject({ "journal.left": "warn" });
    expect(text).toContain("1 event waits in the journal, the oldest for ");
  });

  it.each([
    ["the journal's folder", "journal"],
    ["a folder above it", "link/authlog/journal"],
  ])("says of %s that is a link to nothing what to make", async (_, dir) => {
    writeApp();
    const link = join(folder, dir.split("/")[0] ?? "");
    symlinkSync("second", link);
    symlinkSync("gone/for good", join(folder, "second"));
    const { code, odd, text } = await doctor({ AUTHLOG_JOURNAL_DIR: dir });
    expect({ code, status: odd["journal.folder"] }).toEqual({ code: 1, status: "fail" });
    const target = join(folder, "gone/for good");
    expect(text).toContain(`${link} is a link to ${target}, which is not there.`);
    expect(text).toContain(`mkdir -p '${target}'`);
    mkdirSync(target, { recursive: true });
    expect((await doctor({ AUTHLOG_JOURNAL_DIR: dir })).odd).not.toHaveProperty("journal.folder");
  });

  it("says of a link in the journal's place that leads to itself that it cannot be used", async () => {
    writeApp();
    symlinkSync("journal", join(folder, "journal"));
    const { code, odd, text } = await doctor({ AUTHLOG_JOURNAL_DIR: "journal" });
    expect({ code, status: odd["journal.folder"] }).toEqual({ code: 1, status: "fail" });
    expect(text).toContain("The system says ELOOP");
  });

  it("tells a place where nobody answers, in a bounded time", async () => {
    writeApp();
    const url = await receiver(() => {});
    await ends.pop()?.();
    const { code, odd } = await doctor({ PANGEA_TOKEN: "pts_x", PANGEA_BASE_URL_TEMPLATE: url });
    expect({ code, status: odd["destination.reach"] }).toEqual({ code: 1, status: "fail" });
  });

  it("tells a clock that differs, and a receiver that takes nothing now", async () => {
    writeApp();
    const url = await receiver((_, response) => {
      response.setHeader("date", new Date(Date.now() - 3_600_000).toUTCString());
      response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
    });
    const { odd, text } = await doctor({ PANGEA_TOKEN: "pts_x", PANGEA_BASE_URL_TEMPLATE: url });
    expect(odd).toMatchObject({ "destination.clock": "warn", "destination.token": "warn" });
    expect(text).toMatch(/Its clock is 3[56]\d\d s behind this machine's/);
  });

  it.each([
    [200, "text/html", "<h1>Welcome</h1>"],
    [400, "text/html", "<h1>The plain HTTP request was sent to HTTPS port</h1>"],
    [422, "application/json", "{}"],
  ])(
    "takes an answer of %d as %s for no audit log's, and writes nothing there",
    async (status, type, body) => {
      writeApp();
      const asked: unknown[] = [];
      const url = await receiver((request, response) => {
        asked.push(request.method);
        response.writeHead(status, { "content-type": type }).end(body);
      });
      const env = { PANGEA_TOKEN: "pts_x", PANGEA_BASE_URL_TEMPLATE: url };
      const said = await doctor(env);
      expect(said).toMatchObject({ code: 1, odd: { "destination.token": "fail" } });
      expect(asked).toEqual(["HEAD", "POST"]);
      expect(said.text).toContain(`HTTP ${status}, and no envelope of Pangea's`);
    },
  );

  it("never prints a token, even one that the receiver sends back", async () => {
    writeApp();
    const token = "pts_canary-of-the-doctor";
    const url = await receiver((request, response) => {
      response.writeHead(401, { "content-type": "application/json" });
      const summary = `Not ${request.headers.authorization}, and not ${token}`;
      response.end(JSON.stringify({ status: "Unauthorized", summary, result: null }));
    });
    const env = { PANGEA_TOKEN: token, PANGEA_BASE_URL_TEMPLATE: url };
    const io = terminal(env);
    expect(await run(["doctor", "--dir", folder], io)).toBe(1);
    const json = await doctor(env);
    expect(json.odd).toMatchObject({ "destination.token": "fail" });
    expect([json.text, ...io.lines, ...io.errors].join("\n")).not.toContain("canary");
  });

  it.each([[["--dir", "/nowhere/at/all"]], [["--fix"]], [["more"]]])(
    "%j is wrong usage",
    async (args) => {
      const io = terminal();
      expect(await run(["doctor", ...args], io)).toBe(2);
      expect(io.lines).toEqual([]);
    },
  );
});

describe("authlog doctor, of processes that have run in the folder", () => {
  it("finds no fault where a NodeSDK of the app's own delivers to the embedded ledger", async () => {
    writeFreshApp();
    await using app = await startSetUp("NodeSDK", folder);
    await app.ask("wrap NextAuth");
    await app.ask("sign in");
    await stateOfApp(({ deliveredUnixMillis }) => deliveredUnixMillis !== undefined);
    expect(await doctor()).toMatchObject({ code: 0, odd: { "environment.otel-sdk": "skip" } });
  });

  it.each<[string, Record<string, string>]>([
    ["no token in production", { NODE_ENV: "production" }],
    ["no ledger that is served, now that the app has ended", {}],
  ])("is at fault while events wait for want of a destination: %s", async (_, env) => {
    writeFreshApp();
    const app = await startSetUp("NodeSDK", folder, { NODE_ENV: "production" });
    await app.ask("sign in");
    await app.end();
    const { code, odd, text } = await doctor(env);
    expect({ code, waiting: odd["destination.waiting"] }).toEqual({ code: 1, waiting: "fail" });
    expect(text).toContain("1 event waits, and nothing takes it.");
  });

  it("checks what holds in production where the app that runs is in production", async () => {
    writeFreshApp();
    await using app = await startSetUp("register", folder, { NODE_ENV: "production" });
    await app.ask("sign in");
    await stateOfApp(({ lastEventUnixMillis }) => lastEventUnixMillis !== undefined);
    const { code, odd, text } = await doctor();
    expect({ code, token: odd["destination.token"] }).toEqual({ code: 1, token: "fail" });
    expect(text).not.toMatch(/register starts it|start the app/);
  });

  it("is at fault where the app's last delivery failed, though its own question is answered", async () => {
    writeFreshApp();
    const { url, token } = await openLedger();
    const settings = { PANGEA_TOKEN: "pts_old", PANGEA_BASE_URL_TEMPLATE: url };
    await using app = await startSetUp("register", folder, settings);
    await app.ask("sign in");
    await stateOfApp(({ failed }) => failed !== undefined);
    const { code, odd, text } = await doctor({ ...settings, PANGEA_TOKEN: token }, "--no-write");
    expect({ code, odd }).toMatchObject({ code: 1, odd: { "destination.delivery": "fail" } });
    expect(odd).not.toHaveProperty("destination.token");
    expect(text).toContain("ERR_AUTHLOG_DELIVERY_UNAUTHORIZED");
  });

  it("says that the app has ended, which is no fault", async () => {
    writeFreshApp();
    const { url, token } = await openLedger();
    const settings = { PANGEA_TOKEN: token, PANGEA_BASE_URL_TEMPLATE: url };
    const app = await startSetUp("register", folder, settings);
    await app.ask("wrap NextAuth");
    await app.ask("sign in");
    await stateOfApp(({ deliveredUnixMillis }) => deliveredUnixMillis !== undefined);
    await app.end();
    const { code, odd, text } = await doctor(settings);
    expect({ code, register: odd["wiring.register"] }).toEqual({ code: 0, register: "skip" });
    expect(text).toContain("The app does not run now: register ran in process");
  });

  it("of two processes knows the one that wrote last, and the events of both", async () => {
    writeFreshApp();
    await using first = await startSetUp("register", folder);
    await until("the ledger", () => first.stderr().includes("events go to") || undefined);
    await using second = await startSetUp("NodeSDK", folder);
    await second.ask("wrap NextAuth");
    await first.ask("sign in");
    await second.ask("sign in");
    await stateOfApp(
      ({ pid, deliveredUnixMillis }) => pid === second.pid && deliveredUnixMillis !== undefined,
    );
    await first.ask("sign in");
    await stateOfApp(({ pid }) => pid === first.pid);
    const { code, text } = await doctor();
    expect(code).toBe(0);
    expect(text).toContain(`register ran in process ${first.pid}`);

    // Another one, which has nowhere to deliver to.
    const third = await startSetUp("LoggerProvider", folder, { NODE_ENV: "production" });
    await third.ask("sign in");
    await stateOfApp(({ pid }) => pid === third.pid);
    const found = await doctor();
    await third[Symbol.asyncDispose]();
    expect({ code: found.code, app: found.odd["destination.app"] }).toEqual({
      code: 1,
      app: "fail",
    });
  });
});

async function countOf({ url, readToken }: { url: string; readToken: string }): Promise<number> {
  const response = await fetch(`${url}/v1/search`, {
    method: "POST",
    headers: { authorization: `Bearer ${readToken}`, "content-type": "application/json" },
    body: JSON.stringify({ query: "action:authlog.doctor" }),
  });
  const { result } = (await response.json()) as { result: { count: number } };
  return result.count;
}
