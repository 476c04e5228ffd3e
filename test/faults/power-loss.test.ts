import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { record, type Recording } from "../support/disk-states.ts";
import type { Gone } from "../../src/delivery/journal/journal-entry.ts";
import { numberedRecord } from "../support/journal.ts";
import { seeded } from "../support/random.ts";
import { recover, sequenceOf } from "../support/recovery.ts";
import { watchSlot } from "../support/slot.ts";
import { canTrace, sayUntraceable, traceScript } from "../support/system-calls.ts";

watchSlot();

const long = process.env["TEST_AUTHLOG_LONG"] !== undefined;
const states = long ? 10_000 : 300;
const seed = Number(process.env["TEST_AUTHLOG_SEED"] ?? 20_261_123);
const traceable = canTrace();
if (!traceable) sayUntraceable("Power loss");

/** The system calls of a process that writes a journal, in two folders that are new as well. */
function recordRun(durability: "disk" | "process", without = "none"): Recording {
  const folder = mkdtempSync(join(tmpdir(), "authlog-power-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [root, trace] = [join(folder, "disk"), join(folder, "trace")];
  mkdirSync(root);
  const script = new URL("../support/journal-writer.ts", import.meta.url);
  const args = [join(root, "authlog", "journal"), long ? "200" : "60"];
  const calls = traceScript(script, [...args, durability, String(seed), without], trace);
  return record(calls, root);
}

/** Of which records the process had said so by then. */
function saidBy({ printed }: Recording, at: number, said: "A" | "C" | "D"): Set<number> {
  const texts = printed.filter((one) => one.at < at).map(({ text }) => text.trim());
  return new Set(
    texts.filter((text) => text.startsWith(said)).map((text) => Number(text.slice(1))),
  );
}

/** What a crash at one moment must not lose: what was said before, and not given away. */
function owedAt(recording: Recording, at: number, said: "A" | "D"): number[] {
  const given = saidBy(recording, at, "C");
  return [...saidBy(recording, at, said)].filter((sequence) => !given.has(sequence));
}

/**
 * How many of what is told as gone the receiver has, by the place of their end, which is known where
 * something stands behind. Whatever it was, nothing can be gone up to what was on the disk.
 */
function confirmedAndGone(recording: Recording, at: number, gone: readonly Gone[]): number {
  const last = Math.max(0, ...saidBy(recording, at, "D"));
  return gone
    .filter(({ span: { lastSequence = Infinity } }) => lastSequence <= last)
    .reduce((sum, { count }) => sum + count, 0);
}

interface Outcome {
  states: number;
  owed: number;
  lost: number;
  wrong: number;
  gaps: number;
  /** Records that are told as gone, and are not. */
  untrue: number;
}

/** Any moment. */
function whenever({ printed: [first], length }: Recording, random: () => number): number {
  const from = first?.at ?? 0;
  return Math.floor(from + random() * (length + 1 - from));
}

/** So many system calls after a confirmation had begun, at most. */
const clearing = 60;

/** A moment at which what was confirmed is cleared away. */
function atClearing({ printed, length }: Recording, random: () => number): number {
  const begun = printed.filter(({ text }) => text.startsWith("C"));
  const confirmed = begun[Math.floor(random() * begun.length)];
  return Math.min(length, (confirmed?.at ?? 0) + Math.floor(random() * clearing));
}

/** Crashes at seeded moments, and recovers from each state of the disk. */
function crash(
  recording: Recording,
  said: "A" | "D",
  kind: "power" | "kill",
  count: number,
  moment = whenever,
): Outcome {
  const random = seeded(seed);
  const outcome: Outcome = { states: 0, owed: 0, lost: 0, wrong: 0, gaps: 0, untrue: 0 };
  const folder = mkdtempSync(join(tmpdir(), "authlog-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (let state = 0; state < count; state += 1) {
    const at = moment(recording, random);
    const disk = join(folder, String(state));
    if (kind === "power") recording.afterPowerCut(at, random, disk);
    else recording.afterKill(at, disk);
    const { records, gone } = recover(join(disk, "authlog", "journal"));
    const found = new Set(records.map(sequenceOf));
    const owed = owedAt(recording, at, said);
    outcome.states += 1;
    outcome.owed += owed.length;
    outcome.lost += owed.filter((sequence) => !found.has(sequence)).length;
    outcome.wrong += records.filter((one) => !isIssued(recording, at, one)).length;
    outcome.wrong += records.length - found.size;
    outcome.gaps += gone.length;
    outcome.untrue += confirmedAndGone(recording, at, gone);
    rmSync(disk, { recursive: true });
  }
  process.stdout.write(`power loss (seed ${seed}, ${said}, ${kind}): ${JSON.stringify(outcome)}\n`);
  return outcome;
}

/** Whether the process had begun to write the record, and this is what it wrote. */
function isIssued(
  { printed }: Recording,
  at: number,
  one: ReturnType<typeof numberedRecord>,
): boolean {
  const accepted = printed.filter(({ at: when, text }) => when < at && text.startsWith("A")).length;
  const sequence = sequenceOf(one);
  return (
    sequence <= accepted + 1 && JSON.stringify(one) === JSON.stringify(numberedRecord(sequence))
  );
}

describe.skipIf(!traceable)("a power cut at any moment", () => {
  it("takes nothing that was on the disk, and makes no record that was not written", () => {
    const outcome = crash(recordRun("disk"), "D", "power", states);
    expect(outcome).toMatchObject({ lost: 0, wrong: 0, untrue: 0 });
    expect(outcome.owed).toBeGreaterThan(states);
  });

  it("has nothing told as gone that was confirmed, while that is cleared away", () => {
    const outcome = crash(recordRun("disk"), "D", "power", states, atClearing);
    expect(outcome).toMatchObject({ lost: 0, wrong: 0, untrue: 0 });
  });

  it.each(["fdatasync", "fsync"])("takes some of it where %s is left out", (call) => {
    const outcome = crash(recordRun("disk", call), "D", "power", states / 10);
    expect(outcome.lost).toBeGreaterThan(0);
    expect(outcome.untrue).toBeGreaterThan(0);
    expect(outcome.wrong).toBe(0);
  });

  it("at `process` takes what was not synced yet, and makes no record that was not written", () => {
    const outcome = crash(recordRun("process"), "A", "power", states / 3);
    expect(outcome.wrong).toBe(0);
    expect(outcome.lost).toBeGreaterThan(0);
  });

  it.each(["disk", "process"] as const)("takes nothing at `%s` if only the process dies", (at) => {
    const outcome = crash(recordRun(at), "A", "kill", states / 5);
    expect(outcome).toMatchObject({ lost: 0, wrong: 0 });
  });
});
