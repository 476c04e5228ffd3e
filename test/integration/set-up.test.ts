import {
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findServed } from "../../src/ledger-server/descriptor.ts";
import { filesOf } from "../../src/ledger-server/files.ts";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import type { AppState } from "../../src/setup/app-state.ts";
import { until } from "../e2e/support/until.ts";
import { type SetUpProcess, startSetUp } from "../support/set-up-process.ts";
import { readTrail, type TrailEvent } from "../support/trail.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "authlog-set-up-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** The events of the ledger that a process serves in the folder, once there are that many. */
const trailOf = (count: number): Promise<TrailEvent[]> =>
  until(`${count} events in the ledger`, async () => {
    const served = await findServed(filesOf(join(folder, ".authlog/ledger.db")));
    if (served === undefined) return undefined;
    const trail = await readTrail({ url: served.url, readToken: served.tokens.read });
    return trail.length >= count ? trail : undefined;
  });

const appFile = (): string => join(folder, ".authlog/app.json");
const readState = async (): Promise<AppState> =>
  JSON.parse(await readFile(appFile(), "utf8")) as AppState;
const stateWith = (what: string, holds: (state: AppState) => boolean): Promise<AppState> =>
  until(what, async () => {
    const state = await readState().catch(() => undefined);
    return state !== undefined && holds(state) ? state : undefined;
  });

const lineOf = (app: SetUpProcess): Promise<string> =>
  until("a line on stderr", () => (app.stderr().endsWith("\n") ? app.stderr() : undefined));

describe("the line at the start", () => {
  it.each(["register", "NodeSDK"])("says where events go, and how to see them: %s", async (way) => {
    await using app = await startSetUp(way, folder);
    expect(await lineOf(app)).toBe("authlog: events go to .authlog/ledger.db · npx authlog tail\n");
  });

  it("names another file in a way that can be pasted", async () => {
    await using app = await startSetUp("register", folder, { AUTHLOG_LEDGER_PATH: "a b/l.db" });
    expect(await lineOf(app)).toBe(
      "authlog: events go to a b/l.db · npx authlog tail --path 'a b/l.db'\n",
    );
  });

  it("names the host of an audit log that is not embedded, and no more of its URL", async () => {
    await using app = await startSetUp("register", folder, {
      PANGEA_TOKEN: "pts_test",
      PANGEA_DOMAIN: "audit.example.com",
    });
    expect(await lineOf(app)).toBe("authlog: events go to https://audit.audit.example.com\n");
  });

  it.each([
    ["AUTHLOG_BANNER=0", { AUTHLOG_BANNER: "0" }],
    ["production, and no terminal", { NODE_ENV: "production" }],
  ])("is not there with %s", async (_, env) => {
    const settings = { PANGEA_TOKEN: "pts_test", PANGEA_BASE_URL_TEMPLATE: "http://127.0.0.1:1" };
    await using app = await startSetUp("register", folder, { ...settings, ...env });
    await app.end();
    expect(app.stderr()).toBe("");
  });

  it("gives way to the error where there is no destination", async () => {
    await using app = await startSetUp("register", folder, {
      NODE_ENV: "production",
      AUTHLOG_BANNER: "1",
    });
    await app.end();
    expect(app.stderr()).toContain("ERR_AUTHLOG_TOKEN_MISSING");
    expect(app.stderr()).not.toContain("events go to");
  });

  it("gives way to the error where the ledger cannot be opened", async () => {
    await mkdir(join(folder, ".authlog/ledger.db"), { recursive: true });
    await using app = await startSetUp("register", folder);
    await until("the error", () => app.stderr().includes("ERR_AUTHLOG_LEDGER") || undefined);
    expect(app.stderr()).not.toContain("events go to");
  });

  it("is not there during next build, nor is anything else", async () => {
    await using app = await startSetUp("register", folder, {
      NEXT_PHASE: "phase-production-build",
    });
    await app.end();
    expect(app.stderr()).toBe("");
    await expect(stat(join(folder, ".authlog"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

it.each(["NodeSDK", "LoggerProvider"])(
  "%s with auditProcessor() neither complains during next build, nor starts a ledger",
  async (way) => {
    for (const env of [{}, { NODE_ENV: "production" }, { AUTHLOG_DURABILITY: "none" }]) {
      const building = { NEXT_PHASE: "phase-production-build", ...env };
      await using app = await startSetUp(way, folder, building);
      await app.end();
      expect(app.stderr()).toBe("");
    }
    await expect(stat(join(folder, ".authlog/ledger.db"))).rejects.toMatchObject({
      code: "ENOENT",
    });
    await expect(stat(appFile())).rejects.toMatchObject({ code: "ENOENT" });
  },
);

it.each(["register", "NodeSDK", "LoggerProvider"])(
  "lets a script end by itself that has started the embedded ledger, and delivers before: %s",
  async (way) => {
    await using app = await startSetUp(way, folder);
    await app.ask("sign in");
    await app.end();
    expect(app.stderr()).not.toContain("ERR_AUTHLOG");
    const ledger = await startLedger({ path: join(folder, ".authlog/ledger.db"), port: 0 });
    const trail = await readTrail(ledger);
    await ledger.close();
    expect(trail).toMatchObject([{ action: "auth.sign_in" }]);
  },
);

it("a processor that is shut down at once starts no ledger behind that", async () => {
  await using app = await startSetUp("LoggerProvider, shut down", folder);
  await app.end();
  expect(app.stderr()).toBe("");
  await expect(stat(join(folder, ".authlog/ledger.db"))).rejects.toMatchObject({ code: "ENOENT" });
});

describe.each(["NodeSDK", "LoggerProvider"])("%s with auditProcessor(), without a token", (way) => {
  it("starts the embedded ledger, which has its events", async () => {
    await using app = await startSetUp(way, folder);
    await app.ask("sign in");
    expect(await trailOf(1)).toMatchObject([{ actor: "42", action: "auth.sign_in" }]);
  });

  it("joins the ledger that another process serves", async () => {
    await using first = await startSetUp("register", folder);
    await using second = await startSetUp(way, folder);
    await first.ask("sign in");
    await second.ask("sign in");
    const producers = (await trailOf(2)).map(({ details }) => details["authlog.producer.id"]);
    expect(new Set(producers).size).toBe(2);
  });

  it("lets the process end when it is shut down", async () => {
    await using app = await startSetUp(way, folder);
    await app.ask("sign in");
    await app.ask("shutdown");
    await app.end();
    const ledger = await startLedger({ path: join(folder, ".authlog/ledger.db"), port: 0 });
    const trail = await readTrail(ledger);
    await ledger.close();
    expect(trail).toHaveLength(1);
  });

  it("in production starts none, and says so", async () => {
    await using app = await startSetUp(way, folder, { NODE_ENV: "production" });
    await app.ask("sign in");
    expect(app.stderr()).toContain("ERR_AUTHLOG_TOKEN_MISSING");
    await expect(stat(join(folder, ".authlog/ledger.db"))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

describe(".authlog/app.json", () => {
  let ledger: RunningLedger;
  beforeEach(async () => {
    ledger = await startLedger({ path: join(folder, "elsewhere/ledger.db"), port: 0 });
  });
  afterEach(() => ledger.close());

  it("says which process set authlog up, and how, with no value of a setting", async () => {
    const way = "register, with a token in code";
    await using app = await startSetUp(way, folder, {
      DESTINATION: ledger.url,
      OTEL_SERVICE_NAME: "a-name-that-is-nobody-elses",
    });
    const state = await stateWith("its file", () => true);
    expect(state).toMatchObject({
      version: 1,
      pid: app.pid,
      versions: { node: process.versions.node },
      setUpBy: "register",
      production: false,
      destination: { kind: "remote", url: ledger.url },
    });
    expect(state.settings).toEqual(
      expect.arrayContaining([
        { name: "token", source: "code" },
        { name: "batch.scheduledDelayMillis", source: "environment" },
      ]),
    );
    const content = await readFile(appFile(), "utf8");
    expect(content).not.toMatch(/pts_|nobody-elses/);
    expect((await stat(appFile())).mode & 0o777).toBe(0o600);
  });

  it("says whether NextAuth was wrapped, who took the last event and whether it was delivered", async () => {
    const settings = { PANGEA_TOKEN: ledger.token, PANGEA_BASE_URL_TEMPLATE: ledger.url };
    await using app = await startSetUp("register", folder, settings);
    const fresh = await stateWith("its file", ({ provider }) => provider !== undefined);
    expect(fresh).toMatchObject({ provider: "authlog" });
    expect(Object.keys(fresh)).not.toEqual(expect.arrayContaining(["wrapped"]));
    await app.ask("wrap NextAuth");
    await app.ask("sign in");
    expect(await stateWith("a delivery", (s) => s.deliveredUnixMillis !== undefined)).toMatchObject(
      { wrapped: "function", takenBy: "processor", lastEventUnixMillis: expect.any(Number) },
    );
  });

  it("says that the app's own provider has no processor, once an event came", async () => {
    const settings = { PANGEA_TOKEN: ledger.token, PANGEA_BASE_URL_TEMPLATE: ledger.url };
    const way = "register, beside a provider of the app's";
    await using app = await startSetUp(way, folder, settings);
    await app.ask("sign in");
    expect(await stateWith("the event", (s) => s.takenBy !== undefined)).toMatchObject({
      provider: "app",
      takenBy: "sink",
    });
  });

  it("says that the last delivery failed, and why by its code", async () => {
    await using app = await startSetUp("register", folder, {
      PANGEA_TOKEN: "pts_wrong",
      PANGEA_BASE_URL_TEMPLATE: ledger.url,
    });
    await app.ask("sign in");
    const { failed } = await stateWith("the failure", (s) => s.failed !== undefined);
    expect(failed?.code).toBe("ERR_AUTHLOG_DELIVERY_UNAUTHORIZED");
  });

  it.each(["a link", "another program's file"])("leaves %s in its place as it is", async (kind) => {
    const target = join(folder, "precious.json");
    await writeFile(target, '{ "name": "precious" }');
    await mkdir(join(folder, ".authlog"));
    await (kind === "a link" ? symlink(target, appFile()) : copyFile(target, appFile()));
    const before = await lstat(appFile());
    await using app = await startSetUp("register", folder);
    await app.ask("sign in");
    expect(await trailOf(1)).toHaveLength(1);
    const { ino, mtimeMs } = await lstat(appFile());
    expect({ ino, mtimeMs }).toEqual({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(await readFile(target, "utf8")).toBe('{ "name": "precious" }');
  });

  it("that cannot be written keeps no event back", async () => {
    await mkdir(join(appFile(), "in the way"), { recursive: true });
    await using app = await startSetUp("register", folder);
    await app.ask("sign in");
    expect(await trailOf(1)).toHaveLength(1);
    expect(app.stderr()).not.toContain("ERR_");
  });
});
