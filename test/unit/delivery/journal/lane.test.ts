import { appendFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/delivery/clock.ts";
import { Journal } from "../../../../src/delivery/journal/journal.ts";
import { journalDefaults } from "../../../../src/delivery/journal/journal-options.ts";
import { Lane } from "../../../../src/delivery/journal/lane.ts";
import { readConfirmed } from "../../../../src/delivery/journal/lane-files.ts";
import { laneIds } from "../../../../src/delivery/journal/lane-list.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { watchSlot } from "../../../support/slot.ts";

const watched = watchSlot();
const laneId = (last: number): string =>
  `01900000-0000-7000-8000-${String(last).padStart(12, "0")}`;

function lanesFolder(): string {
  const dir = journalFolder();
  mkdirSync(dir, { recursive: true });
  return dir;
}

function openJournal(dir: string): Journal {
  const journal = new Journal({ ...journalDefaults, dir }, "process", {
    clock: systemClock,
    onChange: () => {},
    onGone: () => {},
  });
  journal.start();
  return journal;
}

describe("a lane", () => {
  it("that a process died over, while it made it or cleared it away, goes with the next look", () => {
    const dir = lanesFolder();
    mkdirSync(join(dir, `.new-${laneId(1)}`), { mode: 0o700 });
    mkdirSync(join(dir, laneId(2)), { mode: 0o700 });
    laneIds(dir, () => {});
    expect(readdirSync(dir)).toEqual([]);
  });

  it("is cleared away with a half-made list of what is confirmed", () => {
    const dir = lanesFolder();
    const lane = Lane.create(dir, laneId(1));
    appendFileSync(join(dir, laneId(1), "confirmed.jsonl.new"), "{");
    lane?.remove();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("has no other name once it may be somebody else's", () => {
    const dir = lanesFolder();
    const first = Lane.create(dir, laneId(1));
    first?.release();
    const second = Lane.adopt(dir, laneId(1));
    expect(() => first?.rename()).toThrow(
      expect.objectContaining({ code: "ERR_AUTHLOG_JOURNAL_SLOW" }),
    );
    expect(readdirSync(dir)).toEqual([laneId(1)]);
    second?.release();
  });

  it("keeps what is confirmed behind a line that a process died over", () => {
    const dir = lanesFolder();
    const first = Lane.create(dir, laneId(1));
    first?.confirm([[1, 3]]);
    appendFileSync(join(dir, laneId(1), "confirmed.jsonl"), '{"confirmed":[4,');
    first?.release();
    const second = Lane.adopt(dir, laneId(1));
    second?.confirm([[5, 6]]);
    second?.release();
    const third = Lane.adopt(dir, laneId(1));
    expect(third?.confirmed.ranges).toEqual([
      [1, 3],
      [5, 6],
    ]);
    third?.release();
  });

  it.each([
    // As after a kill: what was not noted by then never is.
    ["with the next one", (lane?: Lane) => lane?.confirm([[3, 3]]), 3],
    ["when the lane is given up", (lane?: Lane) => lane?.release(), 2],
  ])("notes a confirmation that the disk did not take %s", (_, goOn, last) => {
    const dir = lanesFolder();
    const first = Lane.create(dir, laneId(1));
    const file = join(dir, laneId(1), "confirmed.jsonl");
    // Nothing can be appended to it, and nothing takes its place.
    mkdirSync(join(file, "in-the-way"), { recursive: true });
    expect(() => first?.confirm([[1, 2]])).toThrow(expect.objectContaining({ code: "EISDIR" }));
    rmSync(file, { recursive: true });
    goOn(first);
    expect(readConfirmed(file).ranges).toEqual([[1, last]]);
    first?.release();
  });

  it("that cannot be cleared away is let go of, and keeps no other from it", () => {
    const dir = lanesFolder();
    for (const id of [1, 2]) {
      const lane = Lane.create(dir, laneId(id));
      lane?.confirm([[1, 1]]);
      lane?.release();
    }
    rmSync(join(dir, laneId(1), "confirmed.jsonl"));
    mkdirSync(join(dir, laneId(1), "confirmed.jsonl"));
    const next = openJournal(dir);
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_JOURNAL_UNWRITABLE"]);
    expect(readdirSync(dir)).not.toContain(laneId(2));
    const free = Lane.adopt(dir, laneId(1));
    expect(free).toBeDefined();
    free?.release();
    next.close();
  });

  it("whose last segment does not go at the end of the process is let go of", async () => {
    const dir = lanesFolder();
    const writer = openJournal(dir);
    const deliver = (sequence: number): void => {
      const appended = writer.append(numberedRecord(sequence), "could", 1);
      if (appended.status === "kept") writer.confirm([appended.position]);
    };
    deliver(1);
    await writer.cleared();
    deliver(2);
    const [segment = ""] = segmentFiles(dir);
    rmSync(segment);
    mkdirSync(segment);
    writer.close();
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_JOURNAL_UNWRITABLE"]);
    const free = Lane.adopt(dir, laneIds(dir, () => {})[0] ?? "");
    expect(free).toBeDefined();
    free?.release();
  });

  it("that cannot be taken over does not keep the others from it", () => {
    const dir = lanesFolder();
    // No lock, whoever asks for it.
    mkdirSync(join(dir, laneId(0), "lock"), { recursive: true });
    const writer = openJournal(dir);
    writer.append(numberedRecord(1), "no", 1);
    writer.close();
    const next = openJournal(dir);
    expect(next.unread).toBe(1);
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_JOURNAL_UNREAD"]);
    next.close();
  });
});
