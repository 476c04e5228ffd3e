import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "../../src/cli/run.ts";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import { type Recorded, terminal } from "../unit/cli/recorded-terminal.ts";

let folder: string;
let path: string;
let closing: (() => Promise<unknown>)[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-tail-"));
  path = join(folder, "ledger.db");
  closing = [];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  rmSync(folder, { recursive: true });
});

async function serve(at = path): Promise<RunningLedger> {
  const ledger = await startLedger({ path: at, port: 0 });
  closing.push(ledger.close);
  return ledger;
}

async function append({ url, token }: RunningLedger, ...targets: string[]): Promise<void> {
  await appendAll(
    { url, token },
    targets.map((target) => ({ message: "Sign-in failed", target })),
  );
}

async function appendAll(
  { url, token }: Pick<RunningLedger, "url" | "token">,
  fields: readonly { message: string; target: string }[],
): Promise<void> {
  const events = fields.map((own) => ({
    event: { action: "auth.sign_in", status: "failure: x", ...own },
  }));
  const response = await fetch(`${url}/v2/log`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ events }),
  });
  expect(response.status).toBe(200);
}

function tail(...args: string[]): { io: Recorded; exit: Promise<number> } {
  const io = terminal({ AUTHLOG_LEDGER_PATH: path });
  const exit = run(["tail", ...args], io);
  closing.push(async () => {
    io.stop();
    expect(await exit).toBe(0);
  });
  return { io, exit };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000 });
const who = ({ lines }: Recorded): string[] => lines.map((line) => line.split(/\s+/)[3] ?? "");

describe("authlog tail", () => {
  it("shows the latest events of a served ledger, then each new one, and ends with 0", async () => {
    const ledger = await serve();
    await append(ledger, ...Array.from({ length: 12 }, (_, at) => `user-${at}`));
    const { io, exit } = tail("--lines", "3");
    await until(() => expect(who(io)).toEqual(["user-9", "user-10", "user-11"]));
    await append(ledger, "user-12");
    await until(() => expect(who(io).at(-1)).toBe("user-12"));
    expect(io.lines.at(-1)).toMatch(/^\d\d:\d\d:\d\d ✗ auth\.sign_in {9}user-12 \(x\)$/);
    io.stop();
    expect(await exit).toBe(0);
    expect(io.lines).toHaveLength(4);
    expect(io.errors).toEqual([]);
  });

  it("started before the ledger, says so and what to do, and shows all that comes", async () => {
    const { io } = tail();
    await until(() => expect(io.errors).toHaveLength(1));
    expect(io.errors[0]).toContain(`There is no ledger at ${path} yet.`);
    expect(io.errors[0]).toContain("npx authlog serve");
    expect(readdirSync(folder)).toEqual([]);
    const ledger = await serve();
    await append(ledger, "first", "second");
    await until(() => expect(who(io)).toEqual(["first", "second"]));
    expect(io.errors).toHaveLength(1);
  });

  it("follows a ledger through a stop and a start of its server", async () => {
    const ledger = await serve();
    await append(ledger, "before");
    const { io } = tail();
    await until(() => expect(who(io)).toEqual(["before"]));
    await ledger.close();
    await append(await serve(), "after");
    await until(() => expect(who(io)).toEqual(["before", "after"]));
    expect(io.errors).toEqual([]);
  });

  it("makes and changes nothing beside a ledger that nobody serves", async () => {
    const ledger = await serve();
    await append(ledger, "only");
    await ledger.close();
    chmodSync(path, 0o400);
    const before = stateOfFolder();
    const { io, exit } = tail();
    await until(() => expect(who(io)).toEqual(["only"]));
    io.stop();
    await exit;
    expect(stateOfFolder()).toEqual(before);
    chmodSync(path, 0o600);
  });

  it("leaves the ledger's server alone: its end still takes the -wal file into the database", async () => {
    const ledger = await serve();
    await append(ledger, "only");
    const { io } = tail();
    await until(() => expect(who(io)).toEqual(["only"]));
    await ledger.close();
    expect(readdirSync(folder).filter((name) => name.startsWith("ledger.db"))).toEqual([
      "ledger.db",
    ]);
  });

  it("shows what only the -wal file has, as after a kill of the server", async () => {
    const ledger = await serve(join(folder, "served/ledger.db"));
    await append(ledger, "first", "second");
    for (const suffix of ["", "-wal", "-shm"])
      copyFileSync(join(folder, `served/ledger.db${suffix}`), path + suffix);
    const { io } = tail();
    await until(() => expect(who(io)).toEqual(["first", "second"]));
    expect(io.errors).toEqual([]);
  });

  it("says that a ledger was deleted or replaced, and follows the new one", async () => {
    const ledger = await serve();
    await append(ledger, "old");
    await ledger.close();
    const other = await serve(join(folder, "other.db"));
    await append(other, "new");
    await other.close();
    const { io } = tail();
    await until(() => expect(who(io)).toEqual(["old"]));
    rmSync(path);
    await until(() => expect(io.errors).toEqual([expect.stringContaining(`${path} is gone.`)]));
    renameSync(join(folder, "other.db"), path);
    await until(() => expect(who(io)).toEqual(["old", "new"]));
    expect(io.errors.at(-1)).toContain("was replaced");
  });

  it("goes on when something else has the ledger's name for a time", async () => {
    const ledger = await serve();
    await append(ledger, "first");
    await ledger.close();
    const { io } = tail();
    await until(() => expect(who(io)).toEqual(["first"]));
    renameSync(path, join(folder, "aside"));
    writeFileSync(path, "half a copy".repeat(100));
    await until(() => expect(io.errors.at(-1)).toContain("It is no SQLite database."));
    renameSync(join(folder, "aside"), path);
    await append(await serve(), "second");
    await until(() => expect(who(io)).toEqual(["first", "second"]));
  });

  it("with --json prints one object a line, in which nothing can move a terminal", async () => {
    const ledger = await serve();
    await append(ledger, "\u001b[2J\u009b2J\u202eada");
    const { io } = tail("--json");
    await until(() => expect(io.lines).toHaveLength(1));
    const [line = ""] = io.lines;
    expect(line).toMatch(/^[\u0020-\u007e]+$/);
    expect(JSON.parse(line)).toEqual({
      type: "event",
      event: expect.objectContaining({ target: "\u001b[2J\u009b2J\u202eada" }),
      receivedAt: expect.stringMatching(/^\d{4}-/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      conflict: false,
    });
  });

  it("names an event that was damaged, and shows the next one", async () => {
    const ledger = await serve();
    await append(ledger, "first", "second");
    await ledger.close();
    const db = new DatabaseSync(path);
    db.exec("UPDATE event SET envelope = '[]' WHERE id = 0");
    db.close();
    const { io } = tail();
    await until(() => expect(who(io)).toEqual(["second"]));
    expect(io.errors).toEqual(["Event 0 is damaged: its envelope cannot be read."]);
  });

  it("shows a ledger in pieces where it is large", async () => {
    const ledger = await serve();
    const names = Array.from({ length: 200 }, (_, at) => `user-${at}`);
    const message = "x".repeat(30_000);
    await appendAll(
      ledger,
      names.map((target) => ({ message, target })),
    );
    const { io } = tail("--lines", "200");
    await until(() => expect(who(io)).toEqual(names));
  });

  it.each([
    ["a folder", (): void => mkdirSync(path), "It is not a file."],
    ["another file", (): void => writeFileSync(path, "x".repeat(4_096)), "no SQLite database"],
    ["another's database", (): void => otherDatabase(), "another application"],
  ])("ends with 1 on %s, and says its path", async (_, make, why) => {
    make();
    const io = terminal({ AUTHLOG_LEDGER_PATH: path });
    expect(await run(["tail"], io)).toBe(1);
    expect(io.errors[0]).toContain(path);
    expect(io.errors.join("\n")).toContain(why);
    expect(readdirSync(folder)).toEqual(["ledger.db"]);
  });

  it.each([["-1"], ["many"], ["100000"]])("--lines %s is wrong usage", async (lines) => {
    expect(await run(["tail", `--lines=${lines}`], terminal())).toBe(2);
  });

  it("as a command ends with 0 on SIGINT, and when nobody reads any more", async () => {
    const ledger = await serve();
    await append(ledger, "first");
    const command = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
    const start = () => spawn(process.execPath, [command, "tail", "--path", path]);
    const interrupted = start();
    const left = start();
    const ends = [once(interrupted, "exit"), once(left, "exit")];
    await Promise.all([once(interrupted.stdout, "data"), once(left.stdout, "data")]);
    interrupted.kill("SIGINT");
    left.stdout.destroy();
    await append(ledger, "second");
    expect(await Promise.all(ends)).toEqual([
      [0, null],
      [0, null],
    ]);
  });
});

function stateOfFolder(): unknown {
  return readdirSync(folder).map((name) => {
    const { ino, mode, size, mtimeMs } = statSync(join(folder, name));
    return { name, ino, mode, size, mtimeMs };
  });
}

function otherDatabase(): void {
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE t (a)");
  db.close();
}
