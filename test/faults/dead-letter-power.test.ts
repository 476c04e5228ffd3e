import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { retryLetters } from "../../src/delivery/retry-letters.ts";
import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { record, type Recording } from "../support/disk-states.ts";
import { numberedRecord } from "../support/journal.ts";
import { seeded } from "../support/random.ts";
import { sequenceOf } from "../support/recovery.ts";
import { watchSlot } from "../support/slot.ts";
import { canTrace, sayUntraceable, traceScript } from "../support/system-calls.ts";

watchSlot();

const long = process.env["TEST_AUTHLOG_LONG"] !== undefined;
const states = long ? 10_000 : 300;
const seed = Number(process.env["TEST_AUTHLOG_SEED"] ?? 20_261_123);
const traceable = canTrace();
if (!traceable) sayUntraceable("Power loss of dead letters");

/** A process that keeps dead letters in a new folder, and sends them again; one call may be left out. */
function recordRun(without = "none"): Recording {
  const folder = temporaryFolder();
  const root = join(folder, "disk");
  mkdirSync(root);
  const script = new URL("support/dead-letters-child.ts", import.meta.url);
  const args = [join(root, "authlog", "letters.jsonl"), long ? "200" : "60", String(seed)];
  const calls = traceScript(script, args, join(folder, "trace"));
  return record(
    calls.filter(({ name }) => name !== without),
    root,
  );
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "authlog-letter-power-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Outcome {
  states: number;
  owed: number;
  lost: number;
  wrong: number;
}

/** Takes the power away at seeded moments, and sends again what each state of the disk has. */
async function cutPower(recording: Recording, count: number): Promise<Outcome> {
  const random = seeded(seed);
  const folder = temporaryFolder();
  const outcome: Outcome = { states: 0, owed: 0, lost: 0, wrong: 0 };
  const [first = { at: 0 }] = recording.printed;
  for (let state = 0; state < count; state += 1) {
    const at = Math.floor(first.at + random() * (recording.length + 1 - first.at));
    const disk = join(folder, String(state));
    recording.afterPowerCut(at, random, disk);
    const records = await lettersIn(join(disk, "authlog", "letters.jsonl"));
    const found = new Set(records.map(sequenceOf));
    const owed = owedAt(recording, at);
    outcome.states += 1;
    outcome.owed += owed.length;
    outcome.lost += owed.filter((sequence) => !found.has(sequence)).length;
    outcome.wrong += records.filter((one) => !isAsWritten(one)).length;
    rmSync(disk, { recursive: true });
  }
  process.stdout.write(`power loss of dead letters (seed ${seed}): ${JSON.stringify(outcome)}\n`);
  return outcome;
}

async function lettersIn(path: string): Promise<ReadableLogRecord[]> {
  const found: ReadableLogRecord[] = [];
  await retryLetters({
    path,
    batchSize: 100,
    deliver: async (records) => {
      found.push(...records);
      return { status: "delivered" };
    },
  });
  return found;
}

/** Letters that were kept before that moment, and not delivered. */
function owedAt({ printed }: Recording, at: number): number[] {
  const owed = new Set<number>();
  for (const { at: when, text } of printed) {
    if (when >= at) break;
    if (text.startsWith("D")) owed.add(Number(text.slice(1)));
    else owed.delete(Number(text.slice(1)));
  }
  return [...owed];
}

function isAsWritten(one: ReadableLogRecord): boolean {
  return JSON.stringify(one) === JSON.stringify(numberedRecord(sequenceOf(one)));
}

describe.skipIf(!traceable)("a power cut while dead letters are kept, and sent again", () => {
  it("takes none that was kept, and makes none", async () => {
    const outcome = await cutPower(recordRun(), states);
    expect(outcome).toMatchObject({ lost: 0, wrong: 0 });
    expect(outcome.owed).toBeGreaterThan(states);
  });

  it.each(["fdatasync", "fsync"])("takes some where %s is left out", async (call) => {
    const outcome = await cutPower(recordRun(call), states / 10);
    expect(outcome.lost).toBeGreaterThan(0);
    expect(outcome.wrong).toBe(0);
  });
});
