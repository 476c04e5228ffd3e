import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { FullDiskSeen } from "./support/full-disk-child.ts";

const child = new URL("support/full-disk-child.ts", import.meta.url).pathname;
/** Runs a script on a disk of 2 MiB, which nobody else sees. */
function onSmallDisk(script: string): { status: number | null; stdout: string } {
  const [command, ...args]: [string, ...string[]] = ["unshare", "--mount", "sh", "-c"];
  const mounted = `mount -t tmpfs -o size=2m none /mnt && { ${script}; }`;
  return spawnSync(command, [...args, mounted], { encoding: "utf8" });
}

const canMount = onSmallDisk("true").status === 0;
if (!canMount) {
  process.stdout.write("A disk that its journal fills is left out: nothing may be mounted.\n");
}

/** What a process sees whose journal fills its disk, and what the next one does. */
function fill(part: string, reserve: string): [FullDiskSeen, FullDiskSeen] {
  const run = `'${process.execPath}' '${child}' /mnt/journal`;
  const { stdout } = onSmallDisk(`${run} ${part} ${reserve}; ${run} recover`);
  const [first = "", second = ""] = stdout.split("\n");
  return [JSON.parse(first) as FullDiskSeen, JSON.parse(second) as FullDiskSeen];
}

describe.skipIf(!canMount)("a journal that has filled its own disk", () => {
  it("has room again with what is confirmed, while the rest of it waits", () => {
    const [seen, next] = fill("half", "with");
    expect(seen.freeBytes).toBeGreaterThan(500_000);
    expect(next.gone).toBe(0);
    expect(next.first).toBe(Math.ceil(seen.entries / 2) + 1);
  });

  it("has room again also where the note of what is confirmed is longer than its reserve", () => {
    const [seen, next] = fill("scattered", "with");
    const half = Math.ceil(seen.entries / 2);
    expect(seen).toMatchObject({ takes: true, gone: 0 });
    expect(seen.freeBytes).toBeGreaterThan(500_000);
    // Every other one of the second half waits, without its first one, and the one that was taken since.
    const waiting = Math.ceil((seen.entries - half) / 2);
    expect(next).toMatchObject({ gone: 0, first: half + 3, entries: waiting });
  });

  it.each(["with", "without"])(
    "has all of it again when nothing waits, %s a reserve",
    (reserve) => {
      const [seen, next] = fill("all", reserve);
      expect(seen).toMatchObject({ takes: true, gone: 0 });
      expect(seen.freeBytes).toBeGreaterThan(1_900_000);
      expect(next).toMatchObject({ gone: 0, first: seen.entries + 1 });
    },
  );

  it("loses nothing, and tells of no loss, where it has no room for the note", () => {
    const [seen, next] = fill("half", "without");
    expect(seen.freeBytes).toBeLessThan(500_000);
    expect(next.gone).toBe(0);
    // What could not be noted is delivered again.
    expect(next.entries).toBeGreaterThanOrEqual(Math.floor(seen.entries / 2));
  });
});
