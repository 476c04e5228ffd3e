import { execFileSync, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Lane } from "../../../../src/delivery/journal/lane.ts";
import { OtherLanes } from "../../../../src/delivery/journal/other-lanes.ts";
import { viewJournal } from "../../../../src/delivery/journal/journal-view.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import {
  openJournal,
  type OpenedJournal,
  recover,
  type Recovered,
} from "../../../support/recovery.ts";
import { watchSlot } from "../../../support/slot.ts";

watchSlot();
const laneId = "01980000-0000-7000-8000-000000000000";
const unread = "ERR_AUTHLOG_JOURNAL_UNREAD";

/** A dead process's lane of three entries; its folder. */
function leaveLane(dir: string): string {
  const { journal } = openJournal(dir);
  for (let n = 1; n <= 3; n += 1) journal.append(numberedRecord(n), "no", 1);
  journal.close();
  return dirname(segmentFiles(dir).at(-1) ?? "");
}

/** In a process of its own, which may hang. */
function recoverApart(dir: string): Recovered {
  const support = new URL("../../../support/recovery.ts", import.meta.url).href;
  const program = `import { recover } from "${support}";
    console.log(JSON.stringify(recover(${JSON.stringify(dir)})));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return JSON.parse(stdout) as Recovered;
}

describe("in a journal's folder", () => {
  it.each<[string, (path: string) => void]>([
    ["a file named as if half made", (dir) => writeFileSync(join(dir, ".new-x"), "")],
    ["a file named like a lane", (dir) => writeFileSync(join(dir, laneId), "")],
    ["a link to nothing, named like a lane", (dir) => symlinkSync("/nowhere", join(dir, laneId))],
    ["a FIFO named like a lane", (dir) => execFileSync("mkfifo", [join(dir, laneId)])],
    ["a file in the place of the damaged", (dir) => writeFileSync(join(dir, "damaged"), "")],
  ])("%s is passed over", (_, plant) => {
    const dir = journalFolder();
    leaveLane(dir);
    plant(dir);
    expect(viewJournal(dir)).toMatchObject({ total: { depth: 3 }, unread: [] });
    const { sequences, diagnostics } = recover(dir);
    expect(sequences).toEqual([1, 2, 3]);
    expect(diagnostics).toEqual([]);
  });

  it("a link named like a lane is neither followed nor taken away", () => {
    const dir = journalFolder();
    leaveLane(dir);
    const elsewhere = journalFolder();
    leaveLane(elsewhere);
    symlinkSync(dirname(segmentFiles(elsewhere)[0] ?? ""), join(dir, laneId));
    expect(viewJournal(dir).total.depth).toBe(3);
    expect(recover(dir).sequences).toEqual([1, 2, 3]);
    expect(readdirSync(dir)).toContain(laneId);
  });

  it.each<[string, (path: string) => void]>([
    ["a folder", (path) => mkdirSync(path)],
    ["a link", (path) => symlinkSync("/dev/null", path)],
    ["a FIFO", (path) => execFileSync("mkfifo", [path])],
    ["no database", (path) => writeFileSync(path, "x".repeat(2000))],
  ])("a lane whose lock is %s is named, and keeps no other from its delivery", (_, plant) => {
    const dir = journalFolder();
    const folder = leaveLane(dir);
    for (const odd of [laneId, `.new-${laneId}`]) {
      mkdirSync(join(dir, odd), { mode: 0o700 });
      plant(join(dir, odd, "lock"));
    }
    expect(viewJournal(dir)).toMatchObject({
      lanes: [{ depth: 0 }, { id: folder.slice(-36), owner: "none", depth: 3 }],
      unread: [{ path: join(dir, laneId), reason: "EFTYPE" }],
    });
    const { sequences, diagnostics } = recover(dir);
    expect(sequences).toEqual([1, 2, 3]);
    expect(diagnostics).toMatchObject([{ code: unread }]);
    expect(diagnostics[0]?.why).toContain(`EFTYPE of ${join(dir, ".new-")}`);
  });
});

describe("in a dead process's lane", () => {
  it.each<[string, (path: string) => void]>([
    ["a FIFO", (path) => execFileSync("mkfifo", [path])],
    ["a link to a file without an end", (path) => symlinkSync("/dev/zero", path)],
  ])("%s in the place of a segment is told, and holds nobody up", (_, plant) => {
    const dir = journalFolder();
    const folder = leaveLane(dir);
    plant(join(folder, "00000002-000000000004.jsonl"));
    expect(viewJournal(dir).total.depth).toBe(3);
    const { sequences, gone } = recoverApart(dir);
    expect(sequences).toEqual([1, 2, 3]);
    expect(gone).toMatchObject([{ count: 1, cause: { code: "ERR_AUTHLOG_JOURNAL_DAMAGED" } }]);
    expect(existsSync(join(dir, "damaged"))).toBe(false);
  });

  it.each<[string, (path: string) => void]>([
    ["a FIFO", (path) => execFileSync("mkfifo", [path])],
    ["a link to a file without an end", (path) => symlinkSync("/dev/zero", path)],
    ["a folder", (path) => mkdirSync(path)],
  ])("%s in the place of what is confirmed confirms nothing", (_, plant) => {
    const dir = journalFolder();
    const folder = leaveLane(dir);
    plant(join(folder, "confirmed.jsonl"));
    expect(recoverApart(dir)).toMatchObject({ sequences: [1, 2, 3], gone: [] });
  });

  it("a folder named like what is half made does not keep it from being cleared away", () => {
    const dir = journalFolder();
    const folder = leaveLane(dir);
    mkdirSync(join(folder, "x.new"));
    const { journal, clock } = openJournal(dir);
    journal.confirm(journal.read(10).map(({ position }) => position));
    expect(readdirSync(folder)).toEqual(["x.new"]);
    // Long ago, nobody takes it over: there is nothing to be delivered from.
    utimesSync(folder, 0, 0);
    clock.tick();
    expect(readdirSync(folder)).toEqual(["x.new"]);
    journal.close();
  });

  it.each([-3600, 3600])(
    "without a lock it is taken over, its folder's time %i s from now",
    (by) => {
      const dir = journalFolder();
      const folder = leaveLane(dir);
      rmSync(join(folder, "lock"));
      const seconds = Date.now() / 1000 + by;
      utimesSync(folder, seconds, seconds);
      expect(recover(dir).sequences).toEqual([1, 2, 3]);
    },
  );

  it.each([
    ["a look", (reader: OpenedJournal) => reader.clock.tick()],
    ["its reading", (reader: OpenedJournal) => expect(reader.journal.read(10)).toEqual([])],
  ])(
    "a lock that goes after it was taken over has it let go of with %s, and nothing is told",
    (_, notice) => {
      const dir = journalFolder();
      const folder = leaveLane(dir);
      const reader = openJournal(dir);
      expect(reader.journal.owed).toBe(3);
      rmSync(join(folder, "lock"));
      notice(reader);
      expect(reader.journal.owed).toBe(0);
      utimesSync(folder, 0, 0);
      const next = openJournal(dir);
      reader.clock.tick();
      expect([reader.journal.owed, next.journal.owed]).toEqual([0, 3]);
      expect(reader.gone).toEqual([]);
      for (const { journal } of [reader, next]) journal.close();
    },
  );

  it("that is taken away as a whole is told as gone", () => {
    const dir = journalFolder();
    const folder = leaveLane(dir);
    const { journal, gone } = openJournal(dir);
    rmSync(folder, { recursive: true });
    expect(journal.read(10)).toEqual([]);
    expect(gone).toMatchObject([{ count: 3 }]);
    journal.close();
  });

  it.runIf(process.getuid?.() === 0)("of another user it stays, and is named", () => {
    const dir = journalFolder();
    const folder = leaveLane(dir);
    leaveLane(dir);
    chownSync(folder, 65_534, 65_534);
    const before = readFileSync(join(folder, readdirSync(folder)[0] ?? ""));
    const { sequences, diagnostics } = recover(dir);
    expect(sequences).toEqual([1, 2, 3]);
    expect(diagnostics).toMatchObject([{ code: unread }]);
    expect(diagnostics[0]?.why).toContain(`${folder} belongs to another user`);
    expect(readFileSync(join(folder, readdirSync(folder)[0] ?? ""))).toEqual(before);
  });

  it.runIf(process.getuid?.() === 0)(
    "of another user it stays, also once the own lane has another name",
    () => {
      const dir = journalFolder();
      mkdirSync(dir);
      const own = Lane.create(dir, laneId);
      const folder = leaveLane(dir);
      chownSync(folder, 65_534, 65_534);
      const others = new OtherLanes();
      others.look({ journal: dir, own: laneId }, () => false);
      own?.rename();
      expect(others.take(16)).toEqual([]);
      own?.release();
    },
  );
});
