/**
 * A process whose journal has filled its disk. It confirms a part of that, or all, prints what room is
 * had again by it, and dies; or it prints what such a process has left.
 *
 * Arguments: the journal's folder, and `half`, `scattered`, `all` or `recover`; whether the journal has
 * its reserve. With `scattered`, every other entry of the second half is confirmed before the first half.
 */
import { appendFileSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Journal } from "../../../src/delivery/journal/journal.ts";
import type { JournalEntry } from "../../../src/delivery/journal/journal-entry.ts";
import { journalDefaults } from "../../../src/delivery/journal/journal-options.ts";
import { getSlot } from "../../../src/slot.ts";
import { numberedRecord } from "../../support/numbered-record.ts";
import { seeded } from "../../support/random.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

/** What the process tells of itself. */
export interface FullDiskSeen {
  /** Entries that the full disk holds, or that are there again. */
  entries: number;
  /** The number of the first that is there again. */
  first?: number | undefined;
  freeBytes: number;
  gone: number;
  /** Whether the disk takes an event again. */
  takes?: boolean;
}

const [dir = "", part = "half", reserve = "with"] = process.argv.slice(2);
getSlot().onDiagnostic = () => {};
const clock = new SimulatedClock(seeded(1));
let gone = 0;
const journal = new Journal({ ...journalDefaults, dir }, "process", {
  clock,
  onChange: () => {},
  onGone: ({ count }) => (gone += count),
  tuning: { segmentBytes: 128 * 1024 },
});
journal.start();

function readAll(): JournalEntry[] {
  const entries: JournalEntry[] = [];
  while (journal.unread > 0) entries.push(...journal.read(1000));
  return entries;
}

function fillDisk(): void {
  try {
    for (;;) appendFileSync(join(dir, "filler"), "x".repeat(512));
  } catch {
    // It is full.
  }
}

function tell(seen: Pick<FullDiskSeen, "entries" | "first" | "takes">): void {
  const { bavail, bsize } = statfsSync(dir);
  process.stdout.write(`${JSON.stringify({ ...seen, gone, freeBytes: bavail * bsize })}\n`);
}

if (part === "recover") {
  const entries = readAll();
  tell({ entries: entries.length, first: entries[0]?.position.number });
} else {
  let last = 0;
  while (journal.append(numberedRecord(last + 1), "no", 1).status === "kept") last += 1;
  const lane = readdirSync(dir).find((name) => name.length === 36) ?? "";
  if (reserve === "without") {
    rmSync(join(dir, lane, "reserve.new"));
    fillDisk();
  }
  const entries = readAll();
  const half = Math.ceil(entries.length / 2);
  const positions = entries.map(({ position }) => position);
  const scattered = positions.slice(half).filter((_, index) => index % 2 === 1);
  if (part === "scattered") journal.confirm(scattered);
  journal.confirm(part === "all" ? positions : positions.slice(0, half));
  await journal.cleared();
  // What the disk had no room for goes with it.
  if (part === "scattered") journal.confirm(positions.slice(half, half + 1));
  // The pause after the fault is over.
  clock.advanceTo(60_000);
  tell({
    entries: last,
    takes: journal.append(numberedRecord(last + 1), "no", 1).status === "kept",
  });
  process.kill(process.pid, "SIGKILL");
}
