import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AuthlogError } from "../../src/errors.ts";
import { listen } from "../../src/ledger-server/listen.ts";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";

import { watchSlot } from "../support/slot.ts";

const watched = watchSlot();

let folder: string;
let open: RunningLedger[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-start-"));
  open = [];
});
afterEach(async () => {
  for (const ledger of open) await ledger.close();
  rmSync(folder, { recursive: true });
});

async function start(options: Parameters<typeof startLedger>[0] = {}): Promise<RunningLedger> {
  const ledger = await startLedger({ path: join(folder, "own/ledger.db"), port: 0, ...options });
  open.push(ledger);
  return ledger;
}

/** What the routes of these tests answer with, as far as it is read. */
interface Result {
  readonly size: number;
  readonly hash: string;
  readonly root: { readonly size: number; readonly tree_name: string };
  readonly unpublished_root?: { readonly size: number; readonly tree_name: string };
  readonly events: readonly { readonly leaf_index: number | null }[];
}

async function call(
  ledger: RunningLedger,
  path: string,
  body: object,
): Promise<{ result: Result }> {
  const token = path.endsWith("log") ? ledger.token : ledger.readToken;
  const response = await fetch(`${ledger.url}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { result: Result };
}

const event = { message: "hello" };

describe("startLedger", () => {
  it("makes a private folder that git does not see, with private files", async () => {
    await call(await start(), "v1/log", { event });
    const own = join(folder, "own");
    expect(statSync(own).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(own, ".gitignore"), "utf8")).toBe("*\n");
    const files = readdirSync(own).filter((file) => file !== ".gitignore");
    expect(files).toEqual(
      expect.arrayContaining(["ledger.db", "ledger.json", "ledger.append-token"]),
    );
    for (const file of files)
      expect([file, statSync(join(own, file)).mode & 0o777]).toEqual([file, 0o600]);
  });

  it("leaves a folder of the app's own as it is", async () => {
    mkdirSync(join(folder, "app"), { mode: 0o755 });
    await start({ path: join(folder, "app/ledger.db") });
    expect(existsSync(join(folder, "app/.gitignore"))).toBe(false);
    expect(statSync(join(folder, "app")).mode & 0o777).toBe(0o755);
  });

  it("replaces nothing in the process that it runs in", async () => {
    const { fetch: before, Request: request, Response: response } = globalThis;
    await call(await start(), "v1/log", { event });
    expect([globalThis.fetch, globalThis.Request, globalThis.Response]).toEqual([
      before,
      request,
      response,
    ]);
  });

  it("joins the ledger of the same file, and leaves it running when it is left", async () => {
    const owner = await start();
    const joined = await start({ port: 1 });
    expect([owner.joined, joined.joined]).toEqual([false, true]);
    expect([joined.url, joined.token, joined.readToken]).toEqual([
      owner.url,
      owner.token,
      owner.readToken,
    ]);
    await joined.close();
    expect((await call(owner, "v1/log", { event })).result.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("with join: false, fails with a code where the ledger runs", async () => {
    const { url } = await start();
    await expect(start({ join: false })).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_RUNNING",
      why: expect.stringContaining(url),
    });
  });

  it("called several times at once, serves once", async () => {
    const all = await Promise.all([start(), start(), start()]);
    expect(all.filter(({ joined }) => !joined)).toHaveLength(1);
    expect(new Set(all.map(({ url }) => url)).size).toBe(1);
  });

  it("publishes in time, and what is open when it is closed, but never an empty buffer", async () => {
    const first = await start({ publishIntervalMillis: 1 });
    await call(first, "v1/log", { event });
    await vi.waitFor(async () => expect((await call(first, "v1/root", {})).result.size).toBe(1));
    await first.close();

    const second = await start({ publishIntervalMillis: 86_400_000 });
    await call(second, "v1/log", { event });
    expect((await call(second, "v1/root", {})).result.size).toBe(1);
    await second.close();

    const third = await start();
    expect((await call(third, "v1/root", {})).result.size).toBe(2);
    const { result } = await call(third, "v1/search", {});
    expect(result.events.map(({ leaf_index }) => leaf_index)).toEqual([1, 0]);
    expect(result.unpublished_root).toBeUndefined();
  });

  it("publishes a buffer when it is full, in the middle of a batch", async () => {
    const ledger = await start({ maxBufferSize: 3 });
    const events = Array.from({ length: 7 }, (_, at) => ({ event: { message: String(at) } }));
    await call(ledger, "v2/log", { events });
    const { result } = await call(ledger, "v1/search", { order: "asc" });
    const places = result.events.map(({ leaf_index }) => leaf_index);
    expect(places).toEqual([0, 0, 0, 1, 1, 1, null]);
    expect([result.root.size, result.unpublished_root?.size]).toEqual([2, 1]);
  });

  it("keeps its tokens from one start to the next, and its tree's name", async () => {
    const first = await start();
    await call(first, "v1/log", { event });
    const before = await call(first, "v1/search", {});
    await first.close();
    const second = await start();
    const after = await call(second, "v1/search", {});
    expect([second.token, second.readToken]).toEqual([first.token, first.readToken]);
    expect(after.result.root.tree_name).toBe(before.result.unpublished_root?.tree_name);
  });

  it("takes its descriptor away and frees the port and the file when it is closed", async () => {
    const { url, close } = await start();
    await Promise.all([close(), close()]);
    // All that is left is what a copy of the ledger needs: no descriptor, no write-ahead log.
    expect(readdirSync(join(folder, "own")).toSorted()).toEqual([
      ".gitignore",
      "ledger.append-token",
      "ledger.db",
      "ledger.lock",
      "ledger.read-token",
    ]);
    expect((await start({ port: Number(new URL(url).port) })).url).toBe(url);
  });

  it.each([
    ["is no database", (path: string): void => writeFileSync(path, "text ".repeat(100))],
    ["is a folder", (path: string): void => mkdirSync(path)],
    ["has a folder for its -wal file", (path: string): void => mkdirSync(`${path}-wal`)],
    ["lacks a table", dropTable],
  ])("names the path of a ledger that cannot be opened: one that %s", async (_, spoil) => {
    const { close } = await start({ path: join(folder, "other/ledger.db") });
    await close();
    const path = join(folder, "own/ledger.db");
    renameSync(join(folder, "other"), join(folder, "own"));
    if (spoil !== dropTable) rmSync(path);
    spoil(path);
    const error: unknown = await start().catch((cause: unknown) => cause);
    if (!AuthlogError.is(error)) throw new Error("It was opened.");
    expect(`${error.message} ${error.why}`).toContain(path);
  });

  it("says what is wrong with a file that is no ledger, and with a token that is none", async () => {
    mkdirSync(join(folder, "own"));
    writeFileSync(join(folder, "own/ledger.db"), "this is no database, but a text of some length");
    await expect(start()).rejects.toMatchObject({ code: "ERR_AUTHLOG_LEDGER_UNUSABLE" });
    rmSync(join(folder, "own/ledger.db"));
    writeFileSync(join(folder, "own/ledger.read-token"), "");
    await expect(start()).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_UNUSABLE",
      fix: expect.stringContaining("Delete the file"),
    });
    rmSync(join(folder, "own/ledger.read-token"));
    expect((await start()).joined).toBe(false);
  });

  it("makes a database private again that others could read, and what a crash left of it", async () => {
    const first = await start();
    await first.close();
    const database = join(folder, "own/ledger.db");
    chmodSync(database, 0o644);
    // Empty files, which SQLite takes for its own.
    for (const suffix of ["-wal", "-shm"])
      writeFileSync(`${database}${suffix}`, "", { mode: 0o644 });
    const second = await start();
    await call(second, "v1/log", { event });
    for (const suffix of ["", "-wal", "-shm"])
      expect([suffix, statSync(`${database}${suffix}`).mode & 0o777]).toEqual([suffix, 0o600]);
  });

  it("writes its descriptor through no link", async () => {
    mkdirSync(join(folder, "own"));
    writeFileSync(join(folder, "victim"), "precious");
    symlinkSync(join(folder, "victim"), join(folder, "own/ledger.json.new"));
    await start();
    expect(readFileSync(join(folder, "victim"), "utf8")).toBe("precious");
    expect(readFileSync(join(folder, "own/ledger.json"), "utf8")).toContain('"url"');
  });

  it("takes no token from a link, nor from what is no file", async () => {
    const first = await start();
    await first.close();
    const { append } = first.tokenFiles;
    const planted = join(folder, "planted");
    const refused = {
      code: "ERR_AUTHLOG_LEDGER_UNUSABLE",
      message: expect.stringContaining(append),
    };
    renameSync(append, planted);
    symlinkSync(planted, append);
    await expect(start()).rejects.toMatchObject(refused);
    rmSync(append);
    mkdirSync(append);
    await expect(start()).rejects.toMatchObject(refused);
    rmdirSync(append);
    renameSync(planted, append);
    expect((await start()).token).toBe(first.token);
  });

  // Only root can give a file away.
  it.runIf(process.getuid?.() === 0)("takes no token of another user's", async () => {
    const first = await start();
    await first.close();
    const { append } = first.tokenFiles;
    chownSync(append, 12_345, 12_345);
    await expect(start()).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_UNUSABLE",
      why: expect.stringContaining("another user"),
    });
  });

  it.each(["ledger.lock", "ledger.json", "ledger.db"])(
    "fails with a code where %s cannot be made",
    async (file) => {
      mkdirSync(join(folder, "own", file), { recursive: true });
      await expect(start()).rejects.toMatchObject({
        code: "ERR_AUTHLOG_LEDGER_UNUSABLE",
        message: expect.stringContaining(`${join(folder, "own", file)} is a folder`),
      });
      rmdirSync(join(folder, "own", file));
      expect((await start()).joined).toBe(false);
    },
  );

  it("makes a token file private again that somebody opened to others", async () => {
    const first = await start();
    await first.close();
    const { append } = first.tokenFiles;
    rmSync(append);
    writeFileSync(append, `${first.token}\n`, { mode: 0o644 });
    await start();
    expect(statSync(append).mode & 0o777).toBe(0o600);
  });
});

describe("the ledger's default port", () => {
  it("that is taken is said, with the port that is used and how to choose one", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const at = { host: "127.0.0.1", port };
    const served = await listen(() => new Response(), { ...at, portIsGiven: false });
    expect(watched.diagnostics).toEqual([
      expect.objectContaining({
        code: "ERR_AUTHLOG_LEDGER_PORT_IN_USE",
        message: `Port ${port} is taken; the ledger is served on port ${new URL(served.url).port} this time.`,
        fix: expect.stringContaining("AUTHLOG_LEDGER_PORT"),
      }),
    ]);
    await served.close();
    await expect(listen(() => new Response(), { ...at, portIsGiven: true })).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_PORT_IN_USE",
      message: expect.stringContaining(String(port)),
    });
    await new Promise((resolve) => other.close(resolve));
  });
});

function dropTable(path: string): void {
  const db = new DatabaseSync(path);
  db.exec("DROP TABLE node");
  db.close();
}
