import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sealed } from "../../../../src/delivery/journal/entry-line.ts";
import { Journal } from "../../../../src/delivery/journal/journal.ts";
import type { Gone } from "../../../../src/delivery/journal/journal-entry.ts";
import {
  journalDefaults,
  type JournalOptions,
  type JournalTuning,
} from "../../../../src/delivery/journal/journal-options.ts";
import type { Holding } from "../../../../src/delivery/journal/own-lane.ts";
import { createClock, type ManualClock } from "../../../support/delivery.ts";
import { journalFolder, numberedRecord } from "../../../support/journal.ts";
import { eventNames } from "../../../../src/vocabulary.ts";
import { watchSlot } from "../../../support/slot.ts";

const watched = watchSlot();

function open(
  dir: string,
  options: JournalOptions = {},
  tuning: Partial<JournalTuning> = {},
): { journal: Journal; gone: Gone[]; clock: ManualClock } {
  const gone: Gone[] = [];
  const clock = createClock();
  const journal = new Journal({ ...journalDefaults, dir, ...options }, "process", {
    clock,
    onChange: () => {},
    onGone: (more) => gone.push(more),
    tuning,
  });
  journal.start();
  return { journal, gone, clock };
}

function keep(journal: Journal, sequence: number, holding: Holding): ReturnType<Journal["read"]> {
  const record = numberedRecord(sequence);
  const appended = journal.append(record, holding, 1);
  if (appended.status !== "kept") throw new Error(appended.status);
  return [{ record, position: appended.position, mayBeThere: false }];
}

const numbersOf = (entries: ReturnType<Journal["read"]>): number[] =>
  entries.map(({ position }) => position.number);

const positionsOf = (
  entries: ReturnType<Journal["read"]>,
): ReturnType<Journal["read"]>[number]["position"][] => entries.map(({ position }) => position);

describe("reading back", () => {
  it("goes on behind a long stretch of entries that were confirmed from memory", () => {
    const { journal, gone } = open(journalFolder());
    keep(journal, 1, "no");
    const held = Array.from({ length: 50 }, (_, n) => keep(journal, n + 2, "yes")).flat();
    keep(journal, 52, "no");
    journal.confirm(positionsOf(held));
    const read: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) read.push(...numbersOf(journal.read(10)));
    expect(read).toEqual([1, 52]);
    expect(gone).toEqual([]);
    journal.close();
  });

  it("tells of no loss where all that it had still to pass is confirmed and cleared away", () => {
    const { journal, gone } = open(journalFolder());
    const bulky = Array.from({ length: 4000 }, (_, n) => keep(journal, n + 1, "could")).flat();
    const first = keep(journal, 4001, "no");
    const held = keep(journal, 4002, "yes");
    journal.confirm(positionsOf([...bulky, ...first, ...held]));
    expect(journal.read(10)).toEqual([]);
    expect(gone).toEqual([]);
    expect(watched.diagnostics).toEqual([]);
    journal.close();
  });
});

describe("an entry that is in memory too", () => {
  it("does not count as one that waits on the disk alone", () => {
    const { journal } = open(journalFolder());
    keep(journal, 1, "no");
    keep(journal, 2, "yes");
    expect([journal.unread, journal.owed]).toEqual([1, 2]);
    journal.close();
  });

  it("is not dropped to make room, nor is its segment", () => {
    const { journal, gone } = open(journalFolder(), { maxBytes: 20_000, onFull: "drop-oldest" });
    keep(journal, 1, "no");
    keep(journal, 2, "yes");
    let kept = 2;
    while (gone.length < 3) {
      kept += 1;
      keep(journal, kept, "no");
    }
    const read: number[] = [];
    while (journal.unread > 0) read.push(...numbersOf(journal.read(100)));
    const lost = gone.reduce((sum, { count }) => sum + count, 0);
    expect(read[0]).toBe(1);
    // All but the one in memory are handed out, or told as gone.
    expect(read.length + lost).toBe(kept - 1);
    expect(gone[0]?.span.firstSequence).toBeGreaterThan(2);
    journal.close();
  });

  it("is not told as gone when the journal's files are", () => {
    const dir = journalFolder();
    const { journal, gone, clock } = open(dir);
    keep(journal, 1, "no");
    keep(journal, 2, "yes");
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
    clock.tick();
    expect(gone).toMatchObject([{ count: 1 }]);
    journal.close();
  });
});

describe("what tells of an older gap", () => {
  it("is kept when its segment is dropped, and tells of no end of what was in it", () => {
    const { journal, gone } = open(journalFolder(), { maxBytes: 20_000, onFull: "drop-oldest" });
    // Read as far as here: what is behind may be dropped.
    keep(journal, 100, "no");
    const gap = { ...numberedRecord(5), eventName: eventNames.gap };
    for (const record of [numberedRecord(101), numberedRecord(102), gap, numberedRecord(103)]) {
      journal.append(record, "no", 1);
    }
    let last = 103;
    while (gone.length < 3) {
      last += 1;
      keep(journal, last, "no");
    }
    const firsts = gone.map(({ span }) => span.firstSequence);
    expect(firsts[0]).toBe(100);
    expect(firsts.every((first, n) => n === 0 || Number(first) > Number(firsts[n - 1]))).toBe(true);
    const read: ReturnType<Journal["read"]> = [];
    while (journal.unread > 0) read.push(...journal.read(100));
    expect(read.filter(({ record }) => record.eventName === eventNames.gap)).toHaveLength(1);
    journal.close();
  });
});

describe("a lane that was given up", () => {
  it("is not written to any more: what is confirmed late is the next owner's to say", () => {
    const dir = journalFolder();
    const first = open(dir);
    const entries = keep(first.journal, 1, "could");
    first.journal.close();
    const second = open(dir);
    first.journal.confirm(positionsOf(entries));
    expect(numbersOf(second.journal.read(10))).toEqual([1]);
    expect(second.gone).toEqual([]);
    second.journal.close();
  });

  it("and cannot be cleared away is said, and no more", () => {
    const dir = journalFolder();
    const first = open(dir);
    keep(first.journal, 1, "could");
    first.journal.close();
    const lane = readdirSync(dir).find((name) => name.length === 36) ?? "";
    const confirmed = join(dir, lane, "confirmed.jsonl");
    writeFileSync(confirmed, sealed('{"confirmed":[1,1]'));
    const second = open(dir);
    rmSync(confirmed);
    mkdirSync(confirmed);
    expect(second.journal.read(10)).toEqual([]);
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_JOURNAL_UNWRITABLE"]);
    second.journal.close();
  });
});

describe("a journal with a small bound", () => {
  it("has its room again when all of it is confirmed", async () => {
    const { journal } = open(journalFolder(), { maxBytes: 10_000 });
    for (let round = 0; round < 5; round += 1) {
      const entries = [];
      for (let n = 1; ; n += 1) {
        const appended = journal.append(numberedRecord(n), "could", 1);
        if (appended.status !== "kept") break;
        entries.push(appended.position);
      }
      expect(entries.length).toBeGreaterThan(5);
      journal.confirm(entries);
      await journal.cleared();
    }
    journal.close();
  });

  it("has room while only its newest part is owed", async () => {
    const { journal } = open(journalFolder(), { maxBytes: 200_000 });
    let owed = keep(journal, 1, "could");
    for (let n = 2; n < 2000; n += 1) {
      const more = keep(journal, n, "could");
      journal.confirm(positionsOf(owed));
      owed = more;
      if (n % 50 === 0) await journal.cleared();
    }
    expect(journal.owed).toBe(1);
    journal.close();
  });

  it("lets the oldest part go where that is asked for, also what a dead process left", () => {
    const dir = journalFolder();
    const options = { maxBytes: 200_000, onFull: "drop-oldest" } as const;
    const dead = open(dir, options);
    for (let n = 1; n <= 200; n += 1) keep(dead.journal, n, "no");
    dead.journal.close();
    const { journal, gone } = open(dir, options);
    for (let n = 201; n <= 600; n += 1) keep(journal, n, "no");
    const lost = gone.reduce((sum, { count }) => sum + count, 0);
    const read: number[] = [];
    while (journal.unread > 0) {
      for (const { record } of journal.read(100)) {
        read.push(Number(record.attributes["authlog.sequence"]));
      }
    }
    expect(gone[0]?.span.firstSequence).toBe(1);
    const kept = Array.from({ length: 600 - lost }, (_, n) => n + 1 + lost);
    expect(read.toSorted((a, b) => a - b)).toEqual(kept);
    expect(lost).toBeGreaterThan(200);
    journal.close();
  });
});
