import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { deadLetterFile } from "../../src/delivery/dead-letter.ts";
import { AuthlogError } from "../../src/errors.ts";
import { filesOf } from "../../src/ledger-server/files.ts";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { numberedRecord } from "../support/journal.ts";
import { openJournal, recover } from "../support/recovery.ts";
import { watchSlot } from "../support/slot.ts";
import { treeOf } from "../support/tree.ts";
import { terminal } from "../unit/cli/recorded-terminal.ts";

const watched = watchSlot();
const isRoot = process.getuid?.() === 0;
const otherUser = 65_534;

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-foreign-"));
});
afterEach(async () => {
  chmodSync(folder, 0o700);
  if (server !== undefined) await new Promise((resolve) => server?.close(resolve));
  server = undefined;
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);
const text = (name: string, content = "a text of somebody's\n", mode = 0o644): void =>
  writeFileSync(at(name), content, { mode });

/** A database of another program's, which has just been killed: a part of it is in its log alone. */
function foreignDatabase(path: string): void {
  const db = new DatabaseSync(at("original"));
  db.exec("PRAGMA journal_mode = WAL; CREATE TABLE own (a); INSERT INTO own VALUES (1)");
  for (const part of ["", "-wal"]) copyFileSync(at(`original${part}`), `${path}${part}`);
  for (const part of ["", "-wal"]) chmodSync(`${path}${part}`, 0o644);
  db.close();
  rmSync(at("original"));
}

async function listenAt(path: string): Promise<void> {
  server = createServer().listen(path);
  await once(server, "listening");
}

/** Runs `authlog serve`, which is refused, and sees that it left no trace. */
async function refused(path: string): Promise<string> {
  const before = treeOf(folder);
  const io = terminal({ AUTHLOG_LEDGER_PATH: path, AUTHLOG_LEDGER_PORT: "0" });
  // Where it is not refused, it ends all the same.
  void io.first.then(io.stop);
  const code = await run(["serve"], io);
  expect(treeOf(folder)).toEqual(before);
  expect([code > 0, io.lines]).toEqual([true, []]);
  return io.errors.join("\n");
}

describe("a ledger's path", () => {
  it.each<[string, string, () => unknown, RegExp]>([
    ["a folder", "x", () => mkdirSync(at("x"), 0o755), /x is a folder.*\n.*x\/ledger\.db/],
    ["a folder that ends with a slash", "x/", () => {}, /names a folder.*x\/ledger\.db/s],
    ["a text", "x", () => text("x"), /x is no ledger.*\n.*does not begin as an SQLite/],
    ["a text that is read-only", "x", () => text("x", "text", 0o444), /x is no ledger/],
    ["a short text", "x", () => text("x", "SQLite format 3\0"), /x is no ledger/],
    ["an empty file that others may read", "x", () => text("x", ""), /x is no ledger.*\n.*empty/],
    ["a database", "x", () => foreignDatabase(at("x")), /x is no ledger.*\n.*another application/],
    [
      "a link to a file",
      "x",
      () => (text("y"), symlinkSync(at("y"), at("x"))),
      /x is a link.*\n.*leads to: .*\/y/,
    ],
    [
      "a link to a folder",
      "x",
      () => (mkdirSync(at("y"), 0o755), symlinkSync(at("y"), at("x"))),
      /x is a link.*\n.*leads to: .*\/y\/ledger\.db/,
    ],
    ["a link to nothing", "x", () => symlinkSync(at("gone"), at("x")), /x is a link.*\n.*nowhere/],
    ["a FIFO", "x", () => execFileSync("mkfifo", ["-m", "644", at("x")]), /x is a FIFO/],
    ["a socket", "x", () => listenAt(at("x")), /x is a socket/],
    ["a path behind a file", "x/ledger.db", () => text("x"), /ENOTDIR/],
  ])("that is %s is refused, and nothing is changed", async (_, name, plant, reason) => {
    await plant();
    expect(await refused(`${folder}/${name}`)).toMatch(reason);
  });

  it.each<[string, () => unknown]>([
    ["app.lock", () => text("app.lock")],
    ["app.lock", () => foreignDatabase(at("app.lock"))],
    ["app.json", () => text("app.json", '{"name":"app","version":1}')],
    ["app.append-token", () => text("app.append-token")],
    ["app.read-token", () => text("app.read-token", "", 0o640)],
    ["app.db-wal", () => text("app.db-wal")],
    ["app.db-journal", () => text("app.db-journal")],
    ["app.json", () => symlinkSync(at("gone"), at("app.json"))],
    ["app.read-token", () => execFileSync("mkfifo", ["-m", "644", at("app.read-token")])],
  ])(
    "beside which there is another program's %s is refused, and nothing is changed",
    async (name, plant) => {
      plant();
      expect(await refused(at("app.db"))).toContain(at(name));
    },
  );

  it("that is `.db` alone has its files beside it, and none outside the folder", async () => {
    mkdirSync(at("in"));
    const ledger = await startLedger({ path: at("in/.db"), port: 0 });
    expect(readdirSync(folder)).toEqual(["in"]);
    await ledger.close();
  });

  it("that is another program's database, which was killed, is refused by tail, and nothing is made", async () => {
    foreignDatabase(at("x"));
    const before = treeOf(folder);
    const io = terminal({});
    expect(await run(["tail", "--path", at("x")], io)).toBe(1);
    expect(io.errors.join("\n")).toContain("another application");
    expect(treeOf(folder)).toEqual(before);
  });

  it("that has a name that is too long leaves nothing of the folders before it", async () => {
    await expect(
      startLedger({ path: at(`new/${"x".repeat(300)}/ledger.db`), port: 0 }),
    ).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_UNUSABLE",
      why: expect.stringContaining("ENAMETOOLONG"),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("whose port is taken leaves nothing of what was made", async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    mkdirSync(at("app"));
    text("app/own");
    for (const path of ["new/folder/ledger.db", ".authlog/ledger.db", "app/ledger.db"]) {
      await expect(startLedger({ path: at(path), port })).rejects.toMatchObject({
        code: "ERR_AUTHLOG_LEDGER_PORT_IN_USE",
      });
      expect([readdirSync(folder), readdirSync(at("app"))]).toEqual([["app"], ["own"]]);
    }
  });

  it("of a ledger whose port is taken keeps the ledger", async () => {
    const path = at("ledger.db");
    await (await startLedger({ path, port: 0 })).close();
    const before = readdirSync(folder);
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await expect(startLedger({ path, port })).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_PORT_IN_USE",
    });
    expect(readdirSync(folder)).toEqual(before);
    await (await startLedger({ path, port: 0 })).close();
  });

  it("in a folder that is shared keeps that as it is, and its tokens to itself", async () => {
    mkdirSync(at(".authlog"));
    chmodSync(at(".authlog"), 0o775);
    const ledger = await startLedger({ path: at(".authlog/ledger.db"), port: 0 });
    expect(statSync(at(".authlog")).mode & 0o777).toBe(0o775);
    for (const file of Object.values(ledger.tokenFiles))
      expect(statSync(file).mode & 0o777).toBe(0o600);
    await ledger.close();
  });

  it("keeps a descriptor that is another ledger's by now", async () => {
    const { descriptor } = filesOf(at("ledger.db"));
    const ledger = await startLedger({ path: at("ledger.db"), port: 0 });
    const other = readFileSync(descriptor, "utf8").replace(ledger.url, "http://127.0.0.1:1");
    writeFileSync(descriptor, other);
    await ledger.close();
    expect(readFileSync(descriptor, "utf8")).toBe(other);
  });
});

describe("a ledger of an earlier version", () => {
  it("that was killed before its first checkpoint has its id in the log alone, and opens", async () => {
    const path = at("ledger.db");
    const ledger = await startLedger({ path, port: 0 });
    await ledger.close();
    // As versions before wrote it: the first page has no id until the log is taken into the file.
    const made = new DatabaseSync(path);
    const tables = made.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").all();
    made.close();
    const old = new DatabaseSync(at("old"));
    old.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
    for (const { sql } of tables) old.exec(String(sql));
    old.exec("PRAGMA application_id = 1634496359; PRAGMA user_version = 2");
    old.exec(`INSERT INTO ledger VALUES ('${"ab".repeat(32)}'); COMMIT`);
    for (const part of ["", "-wal"]) copyFileSync(at(`old${part}`), `${path}${part}`);
    old.close();
    expect(readFileSync(path).readUInt32BE(68)).toBe(0);
    await (await startLedger({ path, port: 0 })).close();
    expect(readFileSync(path).readUInt32BE(68)).toBe(1_634_496_359);
  });
});

describe.runIf(isRoot)("of another user", () => {
  it("a ledger is refused, and nothing is changed", async () => {
    await (await startLedger({ path: at("ledger.db"), port: 0 })).close();
    for (const name of readdirSync(folder)) chownSync(at(name), otherUser, otherUser);
    expect(await refused(at("ledger.db"))).toMatch(/ledger\.db is not this user's/);
  });

  it("files are refused to one who has no right to them, and a folder that takes none", async () => {
    chownSync(folder, otherUser, otherUser);
    chmodSync(folder, 0o755);
    mkdirSync(at("shut"), 0o755);
    text("shut/own.db", "text", 0o600);
    text("read.db");
    const before = treeOf(folder);
    const module = new URL("../../src/ledger-server/start-ledger.ts", import.meta.url).href;
    for (const [name, reason] of [
      ["shut/new.db", "EACCES"],
      ["shut/new/a.db", "EACCES"],
      ["shut/own.db", "another user"],
      ["read.db", "another user"],
    ] as const) {
      const program = `import { startLedger } from "${module}";
        await startLedger({ path: ${JSON.stringify(at(name))}, port: 0 })
          .then(() => console.log("started"), ({ code, why }) => console.log(code, why));`;
      const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
        cwd: folder,
        uid: otherUser,
        gid: otherUser,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [said] = (await Promise.all([
        child.stdout.setEncoding("utf8").toArray(),
        once(child, "close"),
      ])) as [string[], unknown];
      expect(said.join("")).toMatch(new RegExp(`^ERR_AUTHLOG_LEDGER_UNUSABLE .*${reason}`));
      expect(treeOf(folder)).toEqual(before);
    }
  });

  it("a file of dead letters is not written to", async () => {
    const { path, keep } = letters();
    await keep();
    chownSync(path, otherUser, otherUser);
    const before = treeOf(folder);
    await keep();
    expect(treeOf(folder)).toEqual(before);
    expect(watched.diagnostics.at(-1)?.why).toContain("another user");
  });
});

const ids = {
  v7: "0193e6b1-0000-7000-8000-00000000000a",
  other7: "0193e6b1-0000-7000-8000-00000000000b",
  v4: "9b2f2f6e-6c0f-4f5e-9b8a-0c3a5f0f7f11",
};

describe("a journal in a folder of the app's own", () => {
  it("changes nothing there but its lanes", () => {
    const dir = at("uploads");
    mkdirSync(dir, 0o755);
    // As an app keeps uploads: some still empty, some with files that are named like ours.
    mkdirSync(join(dir, ids.v7), 0o755);
    mkdirSync(join(dir, ids.v4), 0o700);
    for (const name of [ids.other7, `.new-${ids.v4}`, ".new-upload"]) {
      mkdirSync(join(dir, name), name.startsWith(".") ? 0o700 : 0o755);
      for (const file of ["lock", "photo.new", "photo.jsonl"]) text(`uploads/${name}/${file}`);
    }
    symlinkSync(at("gone"), join(dir, "damaged"));
    text("uploads/list.jsonl");
    const before = Object.entries((treeOf(dir) as { entries: object }).entries);
    const { journal } = openJournal(dir);
    journal.append(numberedRecord(1), "yes", 1);
    journal.close();
    expect(recover(dir).sequences).toEqual([1]);
    expect((treeOf(dir) as { entries: object }).entries).toMatchObject(Object.fromEntries(before));
  });

  it("that is a file leaves it, and makes nothing", () => {
    text("journal");
    const before = treeOf(folder);
    openJournal(at("journal")).journal.close();
    openJournal(at("journal/lanes")).journal.close();
    expect(treeOf(folder)).toEqual(before);
  });
});

interface Letters {
  path: string;
  keep: () => Promise<void>;
}

function letters(name = "letters.jsonl"): Letters {
  const path = at(name);
  const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
    message: "m",
    why: "w",
    fix: "f",
  });
  const keep = async (): Promise<void> => {
    const file = deadLetterFile({ path });
    file.write([{ record: numberedRecord(1), cause }]);
    await file.onDisk?.();
  };
  return { path, keep };
}

const planted: readonly [string, (path: string) => unknown][] = [
  ["a text", () => text("letters.jsonl")],
  ["a log of the app's own", () => text("letters.jsonl", '{"level":"info","at":"x"}\n', 0o640)],
  ["an empty file that others may read", () => text("letters.jsonl", "")],
  ["a private file of the user's", () => text("letters.jsonl", "password\n", 0o600)],
  ["a link", (path) => (text("other"), symlinkSync(at("other"), path))],
  ["a link to nothing", (path) => symlinkSync(at("gone"), path)],
  ["a FIFO", (path) => execFileSync("mkfifo", ["-m", "644", path])],
  ["a folder", (path) => mkdirSync(path, 0o755)],
];

describe("a path of dead letters", () => {
  it.each(planted)("that is %s is said, and nothing is changed", async (_, plant) => {
    const { path, keep } = letters();
    plant(path);
    const before = treeOf(folder);
    await keep();
    expect(treeOf(folder)).toEqual(before);
    expect(watched.diagnostics).toMatchObject([{ code: "ERR_AUTHLOG_DEAD_LETTER_FAILED" }]);
    expect(watched.diagnostics[0]?.why).toContain(path);
  });

  it.each(planted)("that is %s is not sent again", async (_, plant) => {
    const { path } = letters();
    plant(path);
    const before = treeOf(folder);
    const io = terminal({ PANGEA_TOKEN: "t", PANGEA_BASE_URL_TEMPLATE: "http://127.0.0.1:1" });
    expect(await run(["deadletter", "retry", "--path", path], io)).toBeGreaterThanOrEqual(0);
    expect(treeOf(folder)).toEqual(before);
  });

  it.each([".retrying", ".lock"])(
    "beside which %s is another program's is not sent again",
    async (end) => {
      const { path, keep } = letters();
      await keep();
      text(`letters.jsonl${end}`);
      const before = treeOf(folder);
      const io = terminal({ PANGEA_TOKEN: "t", PANGEA_BASE_URL_TEMPLATE: "http://127.0.0.1:1" });
      expect(await run(["deadletter", "retry", "--path", path], io)).toBeGreaterThan(0);
      expect(treeOf(folder)).toEqual(before);
      expect(existsSync(path)).toBe(true);
    },
  );
});
