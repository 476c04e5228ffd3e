import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import type { FailingDisk, Seen } from "../support/failing-disk-writer.ts";
import { numberedRecord, segmentFiles } from "../support/journal.ts";
import { recover, sequenceOf } from "../support/recovery.ts";
import { watchSlot } from "../support/slot.ts";
import { canTrace, readTrace, sayUntraceable, type SystemCall } from "../support/system-calls.ts";

watchSlot();

const long = process.env["TEST_AUTHLOG_LONG"] !== undefined;
const count = long ? 2000 : 40;
const traceable = canTrace();
if (!traceable) sayUntraceable("The injection of failing system calls");
const inNamespace = ["unshare", "--mount", "sh", "-c"];
const canMount = succeeds([...inNamespace, "mount -t tmpfs none /mnt"]);
if (!canMount)
  process.stdout.write("Disks that are mounted are left out: nothing may be mounted.\n");
const canLimit = succeeds(["prlimit", "--version"]);
const isRoot = process.getuid?.() === 0;

const figures: Record<string, number> = {};
afterAll(() =>
  process.stdout.write(`failed disks, slowest emit in ms: ${JSON.stringify(figures)}\n`),
);

function succeeds([command = "", ...args]: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** How a disk fails, and is mended. */
interface Case extends Partial<FailingDisk> {
  /** A command in front of the process's own. */
  under?: (folder: string) => string[];
  /** Called when half of the events were taken. */
  atHalf?: (dir: string, pid: number) => void | Promise<void>;
  /** Called before the process begins. */
  before?: (folder: string, dir: string) => void;
}

interface Run extends Seen {
  dir: string;
  folder: string;
  /** Sequences that the next process finds. */
  found: number[];
}

async function run({ under, atHalf, before, ...disk }: Case): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "authlog-disk-"));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const dir = join(folder, "disk", "journal");
  mkdirSync(dirname(dir));
  before?.(folder, dir);
  const options: FailingDisk = { dir, count, durability: "process", ...disk };
  const script = new URL("../support/failing-disk-writer.ts", import.meta.url).pathname;
  const line = [...(under?.(folder) ?? []), process.execPath, script, JSON.stringify(options)];
  const child = spawn(line[0] ?? "", line.slice(1), {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, UV_THREADPOOL_SIZE: "1", NODE_NO_WARNINGS: "1" },
  });
  const closed = once(child, "close");
  onTestFinished(() => void child.kill("SIGKILL"));
  let seen: Seen | undefined;
  for await (const text of createInterface(child.stdout)) {
    if (text === "half") {
      await atHalf?.(dir, child.pid ?? 0);
      child.stdin.write("go on\n");
    } else if (text.startsWith("{")) seen = JSON.parse(text) as Seen;
  }
  await closed;
  if (seen === undefined) throw new Error("The process ended before it had said what it saw.");
  // What another user left stays with that user.
  if (disk.uid !== undefined) spawnSync("chown", ["-R", String(process.getuid?.()), dir]);
  const { records } = recover(dir);
  for (const record of records) {
    // The resource is that of a record that went past every provider.
    const { body, attributes } = numberedRecord(sequenceOf(record));
    expect(record).toMatchObject({ body, attributes });
  }
  const found = [...new Set(records.map(sequenceOf))].toSorted((a, b) => a - b);
  return { ...seen, dir, folder, found };
}

const all = Array.from({ length: count }, (_, n) => n + 1);

async function survives(name: string, fault: Case, code: string): Promise<Run> {
  const result = await run(fault);
  figures[name] = Math.round(result.slowestMillis);
  expect(result.dropped).toBe(0);
  expect(result.codes).toContain(code);
  return result;
}

const unwritable = "ERR_AUTHLOG_JOURNAL_UNWRITABLE";

describe("a disk that fails for a time: the events wait in memory, and stand in the journal after it", () => {
  it("where a file stands in the folder's place", async () => {
    const fault: Case = {
      before: (_, dir) => writeFileSync(dir, "a file"),
      atHalf: (dir) => rmSync(dir),
    };
    const { found } = await survives("a file in the place", fault, unwritable);
    expect(found).toEqual(all);
  });

  it("where the folder is removed while it is written to", async () => {
    const fault: Case = { atHalf: (dir) => rmSync(dir, { recursive: true }) };
    const { found } = await survives("folder removed", fault, unwritable);
    expect(found).toEqual(all);
  });

  it.runIf(isRoot)("where the process has no right to the folder", async () => {
    const fault: Case = {
      uid: 65_534,
      atHalf: (dir) => chmodSync(dirname(dir), 0o777),
    };
    const { found } = await survives("no permission", fault, unwritable);
    expect(found).toEqual(all);
  });

  it.runIf(canLimit)("where a file may not grow, and a write ends in the middle", async () => {
    const fault: Case = {
      under: () => ["sh", "-c", 'ulimit -S -f 8; exec "$@"', "sh"],
      mend: ["sh", "-c", "exec prlimit --pid $PPID --fsize=unlimited"],
    };
    const { found } = await survives("short write", fault, unwritable);
    expect(found).toEqual(all);
  });

  it.runIf(canMount)("where it is full", async () => {
    const fault: Case = {
      under: (folder) => [
        ...inNamespace,
        `mount -t tmpfs -o size=8k none ${folder}/disk && mkdir ${folder}/out && ` +
          // What is in the namespace is gone with it.
          `"$@"; cp -r ${folder}/disk/journal ${folder}/out/`,
        "sh",
      ],
      ...mendIn("remount,size=64m"),
    };
    const result = await run(fault);
    figures["full disk"] = Math.round(result.slowestMillis);
    expect(result.codes).toContain(unwritable);
    expect(result.dropped).toBe(0);
    const { records } = recover(join(result.folder, "out", "journal"));
    expect([...new Set(records.map(sequenceOf))].toSorted((a, b) => a - b)).toEqual(all);
  });

  it.runIf(canMount)("where it may only be read", async () => {
    const fault: Case = {
      under: (folder) => [
        ...inNamespace,
        `mount --bind ${folder}/disk ${folder}/disk && ` +
          `mount -o remount,ro,bind ${folder}/disk && exec "$@"`,
        "sh",
      ],
      ...mendIn("remount,rw,bind"),
    };
    const { found } = await survives("read-only", fault, unwritable);
    expect(found).toEqual(all);
  });
});

/** Mounts the disk anew, in the namespace of the process. */
function mendIn(option: string): Case {
  const script = `mount -o ${option} "$(grep -o '/[^ ]*authlog-disk-[^ ]*' /proc/self/mounts | tail -1)"`;
  return { mend: ["sh", "-c", script] };
}

/** Every sync of a file, by its descriptor, and whether one came after another that had failed. */
function syncsAfterFailure(calls: readonly SystemCall[]): { failed: number; repeated: number } {
  const suspects = new Set<string>();
  const names = new Map<number, string>();
  let [failed, repeated] = [0, 0];
  for (const { name, args, result } of calls) {
    const descriptor = Number(/^\d+/.exec(args)?.[0]);
    if (name === "openat") names.set(result, args);
    if (name !== "fdatasync") continue;
    const file = names.get(descriptor) ?? "";
    if (suspects.has(file)) repeated += 1;
    if (result >= 0) continue;
    failed += 1;
    suspects.add(file);
  }
  return { failed, repeated };
}

const withInjection = (when: string): Case => ({
  durability: "disk",
  under: (folder) => [
    "strace",
    "-f",
    "--trace=openat,fdatasync",
    "--signal=none",
    `--output=${join(folder, "trace")}`,
    `--inject=fdatasync:error=EIO:when=${when}`,
  ],
});

describe.skipIf(!traceable)("a sync that fails", () => {
  it.each([
    ["once", "3", 1],
    ["twice, so that what is written anew fails too", "3..4", 2],
    ["for a time", "3..7", 2],
    ["every other time", "2+2", count / 8],
  ])("%s is not repeated on the same file; its entries are written to another", async (...args) => {
    const [name, when, least] = args;
    const fault = withInjection(when);
    const { folder, found } = await survives(
      `fdatasync fails ${name}`,
      fault,
      "ERR_AUTHLOG_JOURNAL_SYNC_FAILED",
    );
    expect(found).toEqual(all);
    const { failed, repeated } = syncsAfterFailure(readTrace(join(folder, "trace")));
    expect(failed).toBeGreaterThanOrEqual(least);
    expect(repeated).toBe(0);
  });
});

/** From half of the events on, every write to the file that is written to then fails. */
const withFailingWrites = (error: string): Case => ({
  async atHalf(dir, pid) {
    const segment = segmentFiles(dir).at(-1) ?? "";
    const tracer = spawn(
      "strace",
      [
        `--attach=${pid}`,
        "--follow-forks",
        `--trace-path=${segment}`,
        "--trace=write",
        `--inject=write:error=${error}`,
        `--output=${join(dirname(dirname(dir)), "trace")}`,
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    onTestFinished(() => void tracer.kill("SIGKILL"));
    const [said] = await once(tracer.stderr, "data");
    expect(String(said)).toContain("attached");
  },
});

describe.skipIf(!traceable)("a write that fails", () => {
  it.each(["EIO", "ENOSPC"])(
    "with %s leaves its event in memory, until another file takes it",
    async (error) => {
      const fault = withFailingWrites(error);
      const { folder, found } = await survives(`write fails with ${error}`, fault, unwritable);
      expect(found).toEqual(all);
      const results = readTrace(join(folder, "trace")).map(({ result }) => result);
      expect(results).toEqual([-1]);
    },
  );
});

describe.skipIf(process.platform === "win32")("a process that has no descriptor free", () => {
  it("keeps what it cannot read back, and reads it once it has one", () => {
    const folder = mkdtempSync(join(tmpdir(), "authlog-disk-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const program = `
      import { closeSync, openSync } from "node:fs";
      import { openJournal } from "${new URL("../support/recovery.ts", import.meta.url).href}";
      import { numberedRecord } from "${new URL("../support/numbered-record.ts", import.meta.url).href}";
      const { journal, clock, gone } = openJournal(${JSON.stringify(join(folder, "journal"))});
      for (let n = 1; n <= 200; n += 1) journal.append(numberedRecord(n), "no", 1);
      const taken = [];
      try { for (;;) taken.push(openSync("/dev/null")); } catch {}
      const during = journal.read(500).length;
      taken.forEach((descriptor) => closeSync(descriptor));
      clock.tick();
      const after = journal.read(500).length;
      console.log(JSON.stringify({ filled: taken.length > 0, during, after, gone }));`;
    const node = [process.execPath, "--input-type=module", "--eval", program];
    const script = ["-c", 'ulimit -n 128; exec "$@"', "sh", ...node];
    const { stdout, stderr } = spawnSync("sh", script, { encoding: "utf8" });
    expect(JSON.parse(stdout)).toEqual({ filled: true, during: 0, after: 200, gone: [] });
    expect(stderr).toContain("The system says EMFILE");
  });
});

describe("without the journal", () => {
  it("all that waited is lost with the process", async () => {
    const { found, depth } = await run({ durability: "memory" });
    expect(depth).toBe(count);
    expect(found).toEqual([]);
  });
});
