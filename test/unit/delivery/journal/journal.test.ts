import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { Journal } from "../../../../src/delivery/journal/journal.ts";
import type { Gone } from "../../../../src/delivery/journal/journal-entry.ts";
import {
  journalDefaults,
  type JournalOptions,
} from "../../../../src/delivery/journal/journal-options.ts";
import { createClock, type ManualClock } from "../../../support/delivery.ts";
import { journalFolder, linesOf, numberedRecord, segmentFiles } from "../../../support/journal.ts";
import { watchSlot } from "../../../support/slot.ts";

const watched = watchSlot();

interface Opened {
  journal: Journal;
  clock: ManualClock;
  gone: Gone[];
}

/** A journal that this test closes by itself, if it does. */
function open(dir: string, options: JournalOptions = {}): Opened {
  const clock = createClock();
  const gone: Gone[] = [];
  const journal = new Journal({ ...journalDefaults, dir, ...options }, "process", {
    clock,
    onChange: () => {},
    onGone: (more) => gone.push(more),
  });
  journal.start();
  return { journal, clock, gone };
}

function appendAll(journal: Journal, count: number, holding: "could" | "no" = "no"): void {
  for (let n = 1; n <= count; n += 1) {
    const { status } = journal.append(numberedRecord(n), holding, 1);
    if (status !== "kept") throw new Error(status);
  }
}

function readAll(journal: Journal): ReturnType<Journal["read"]> {
  const entries = [];
  while (journal.unread > 0) entries.push(...journal.read(100));
  return entries;
}

describe("entries", () => {
  it("are lines of OTLP/JSON that only their owner can read", () => {
    const dir = journalFolder();
    const { journal } = open(dir);
    appendAll(journal, 2);
    const [file = ""] = segmentFiles(dir);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(dir, ".gitignore"), "utf8")).toBe("*\n");
    const [line = ""] = linesOf(file);
    expect(JSON.parse(line)).toMatchObject({
      entry: 1,
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: "auth.sign_in" }] }] }],
    });
    journal.close();
  });

  it("come back in order, with all that is in them, where there was no room in memory", () => {
    const { journal } = open(journalFolder());
    expect(journal.append(numberedRecord(1), "could", 1)).toMatchObject({ retained: true });
    appendAll(journal, 3);
    // What comes behind has to wait behind it, room or not.
    expect(journal.append(numberedRecord(4), "could", 1)).toMatchObject({ retained: false });
    const read = readAll(journal);
    expect(read.map(({ position }) => position.number)).toEqual([2, 3, 4, 5]);
    expect(read[0]?.record).toEqual(numberedRecord(1));
    expect(journal.append(numberedRecord(6), "could", 1)).toMatchObject({ retained: true });
    journal.close();
  });

  it("that are confirmed are not delivered by the next process; the others are", () => {
    const dir = journalFolder();
    const first = open(dir);
    appendAll(first.journal, 10);
    const read = readAll(first.journal);
    first.journal.confirm(read.slice(2, 5).map(({ position }) => position));
    expect(first.journal.owed).toBe(7);
    first.journal.close();

    const second = open(dir);
    expect(second.journal.owed).toBe(7);
    const left = readAll(second.journal);
    expect(left.map(({ position }) => position.number)).toEqual([1, 2, 6, 7, 8, 9, 10]);
    expect(second.gone).toEqual([]);
    second.journal.confirm(left.map(({ position }) => position));
    expect(second.journal.owed).toBe(0);
    second.journal.close();
    expect(readdirSync(dir)).toEqual([".gitignore"]);
  });

  it("of a dead process that are confirmed do not count as ones to be read", () => {
    const dir = journalFolder();
    const first = open(dir);
    appendAll(first.journal, 10);
    first.journal.confirm(
      readAll(first.journal)
        .slice(1)
        .map(({ position }) => position),
    );
    first.journal.close();
    const second = open(dir);
    expect([second.journal.unread, second.journal.owed]).toEqual([1, 1]);
    second.journal.close();
  });

  it("of a living process are nobody else's", () => {
    const dir = journalFolder();
    const living = open(dir);
    appendAll(living.journal, 3);
    const other = open(dir);
    expect(other.journal.unread).toBe(0);
    living.journal.close();
    const [first, second] = [open(dir), open(dir)];
    expect([first.journal.unread, second.journal.unread]).toEqual([3, 0]);
    for (const { journal } of [first, second, other]) journal.close();
  });

  it("go with their segment, once all of it is confirmed", async () => {
    const dir = journalFolder();
    const { journal } = open(dir);
    const size = 6000;
    appendAll(journal, 3 * size);
    const segments = segmentFiles(dir).length;
    expect(segments).toBeGreaterThan(1);
    const entries = readAll(journal);
    journal.confirm(entries.slice(0, -1).map(({ position }) => position));
    await vi.waitFor(() => expect(segmentFiles(dir)).toHaveLength(1));
    journal.confirm(entries.slice(-1).map(({ position }) => position));
    expect(journal.owed).toBe(0);
    journal.close();
    expect(segmentFiles(dir)).toEqual([]);
  });
});

/** Ten entries of a process that is gone, their file changed. */
function damagedJournal(change: (lines: string[]) => string): Opened {
  const dir = journalFolder();
  const writer = open(dir);
  appendAll(writer.journal, 10);
  writer.journal.close();
  const [file = ""] = segmentFiles(dir);
  writeFileSync(file, change(linesOf(file)));
  return open(dir);
}

const numbersOf = ({ journal }: Opened): number[] =>
  readAll(journal).map(({ position }) => position.number);

describe("damage", () => {
  it("in the middle is told with its place, and hides nothing behind it", () => {
    const opened = damagedJournal((lines) =>
      lines.map((line, n) => `${n === 4 ? line.replace("alice", "mallo") : line}\n`).join(""),
    );
    expect(numbersOf(opened)).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10]);
    expect(opened.gone).toMatchObject([
      {
        count: 1,
        cause: { code: "ERR_AUTHLOG_JOURNAL_DAMAGED" },
        span: { producerId: "producer", firstSequence: 5, lastSequence: 5 },
      },
    ]);
    const why = opened.gone[0]?.cause.why ?? "";
    const [, kept = "", offset] = /^(.*) is damaged from byte (\d+) on/.exec(why) ?? [];
    expect(existsSync(kept)).toBe(true);
    expect(readFileSync(kept).subarray(Number(offset)).toString()).toMatch(/^\{"entry":5,/);
    opened.journal.close();
  });

  it("that takes lines away is told", () => {
    const opened = damagedJournal((lines) =>
      lines
        .filter((_, n) => n < 3 || n > 6)
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect(numbersOf(opened)).toEqual([1, 2, 3, 8, 9, 10]);
    expect(opened.gone).toMatchObject([{ count: 4, span: { firstSequence: 4, lastSequence: 7 } }]);
    opened.journal.close();
  });

  it("at the end, where a process died while it wrote, costs one line at most", () => {
    const opened = damagedJournal((lines) => lines.join("\n").slice(0, -20));
    expect(numbersOf(opened)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(opened.gone).toMatchObject([{ count: 1, cause: { code: "ERR_AUTHLOG_JOURNAL_TORN" } }]);
    opened.journal.close();
  });

  it("is told once: the next process finds nothing of it", () => {
    const opened = damagedJournal((lines) => lines.map((line) => `${line}x\n`).join(""));
    expect(numbersOf(opened)).toEqual([]);
    expect(opened.gone).toMatchObject([{ count: 10 }]);
    expect(opened.journal.owed).toBe(0);
    opened.journal.close();
  });
});

describe("a disk that does not take entries", () => {
  it("is told once, tried again, and used once it does", () => {
    const dir = journalFolder();
    mkdirSync(dirname(dir), { recursive: true });
    writeFileSync(dir, "a file where the folder should be");
    const { journal, clock } = open(dir);
    expect(journal.append(numberedRecord(1), "could", 1).status).toBe("unwritable");
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_JOURNAL_UNWRITABLE"]);
    clock.tick();
    expect(journal.append(numberedRecord(1), "could", 1).status).toBe("unwritable");
    expect(Math.max(...clock.delays)).toBe(2000);
    journal.close();
  });
});

describe("a journal that is full", () => {
  it("takes nothing more, but keeps a tenth for what takes an identity", () => {
    const { journal } = open(journalFolder(), { maxBytes: 10_000 });
    const fill = (share: number): number => {
      for (let n = 1; ; n += 1) {
        const appended = journal.append(numberedRecord(n), "no", share);
        if (appended.status === "full") return n;
      }
    };
    fill(0.9);
    expect(journal.size).toBeLessThan(10_000);
    expect(fill(1)).toBeGreaterThan(1);
    expect(journal.append(numberedRecord(1), "no", Infinity).status).toBe("kept");
    journal.close();
  });

  it("since it may have no room at all still takes what tells of that", () => {
    const { journal } = open(journalFolder(), { maxBytes: 0 });
    expect(journal.append(numberedRecord(1), "no", 1).status).toBe("full");
    expect(journal.append(numberedRecord(2), "no", Infinity).status).toBe("kept");
    journal.close();
  });

  it.runIf(existsSync("/dev/full"))(
    "tells of what it drops also where the disk does not take that it was dropped",
    () => {
      const dir = journalFolder();
      const { journal, clock, gone } = open(dir, { maxBytes: 20_000, onFull: "drop-oldest" });
      appendAll(journal, 1);
      const [file = ""] = segmentFiles(dir);
      const confirmed = join(dirname(file), "confirmed.jsonl");
      symlinkSync("/dev/full", confirmed);
      let kept = 1;
      while (journal.append(numberedRecord(kept + 1), "no", 1).status === "kept") kept += 1;
      rmSync(confirmed);
      clock.tick();
      const count = gone.reduce((sum, loss) => sum + loss.count, 0);
      expect(count).toBeGreaterThan(0);
      expect(readAll(journal)).toHaveLength(kept - count);
      expect(watched.diagnostics.map(({ code }) => code)).toContain(
        "ERR_AUTHLOG_JOURNAL_UNWRITABLE",
      );
    },
  );

  it("lets its oldest segments go where that is asked for, and says what was in them", () => {
    const dir = journalFolder();
    const options = { maxBytes: 20 * 1024 ** 2, onFull: "drop-oldest" } as const;
    const { journal, gone } = open(dir, options);
    appendAll(journal, 40_000);
    expect(journal.size).toBeLessThan(options.maxBytes);
    expect(gone.length).toBeGreaterThan(0);
    expect(gone[0]?.cause.code).toBe("ERR_AUTHLOG_JOURNAL_FULL");
    const lost = gone.reduce((sum, { count }) => sum + count, 0);
    const read = readAll(journal);
    expect(read.length + lost).toBe(40_000);
    expect(gone.reduce((sum, { count }) => sum + count, 0)).toBe(lost);
    const last = gone.at(-1)?.span.lastSequence ?? 0;
    const first = gone[0]?.span.firstSequence ?? 0;
    expect(last - first + 1).toBe(lost);
    journal.close();
  });
});
