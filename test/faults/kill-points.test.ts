import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { systemClock } from "../../src/delivery/clock.ts";
import type { DeliveringExporter } from "../../src/telemetry/exporter.ts";
import { watchSlot } from "../support/slot.ts";
import { until } from "../e2e/support/until.ts";
import { sampleRecord } from "./support/sample-record.ts";
import { long, patienceMillis, seed } from "./support/scene.ts";

vi.setConfig({ testTimeout: patienceMillis });

const processes = resolve(import.meta.dirname, "support/processes");
watchSlot();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-kill-points-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  journal: string;
  notes: string;
}

/** Runs the victim to its end, whichever that is. */
async function runVictim({ journal, notes }: Run, args: string[], env = {}): Promise<string> {
  const preload = ["--import", join(processes, "kill-at.ts")];
  const child = spawn(
    process.execPath,
    [...preload, join(processes, "victim.ts"), journal, args[0] ?? "", notes, ...args.slice(1)],
    { env: { ...process.env, KILL_IN: journal, ...env }, stdio: ["ignore", "ignore", "pipe"] },
  );
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0 && code !== null) throw new Error(errors);
  return signal ?? "ended";
}

/** What the next process delivers, and what it leaves in the folder. */
async function recover(journal: string): Promise<{ delivered: string[]; left: string[] }> {
  const delivered: string[] = [];
  const exporter: DeliveringExporter = {
    deliver: (records) => {
      for (const record of records) {
        const { attributes, body } = record;
        const uid = String(attributes["log.record.uid"]);
        const [run = "", n] = uid.split(".");
        // Of a gap, nothing more is known here.
        if (record.eventName === "authlog.gap") continue;
        const sample = sampleRecord(run, Number(n));
        const isSame = isDeepStrictEqual([body, attributes], [sample.body, sample.attributes]);
        delivered.push(isSame ? uid : `${uid}, altered`);
      }
      return Promise.resolve({ status: "delivered" });
    },
    export: () => {},
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const processor = new AuditLogRecordProcessor(
    { exporter, journal: { dir: journal }, scheduledDelayMillis: 0 },
    { clock: systemClock },
  );
  await until("all of it to be delivered", () => (processor.depth === 0 ? true : undefined));
  await processor.shutdown();
  return { delivered, left: readdirSync(journal).filter((name) => name !== ".gitignore") };
}

function noted(notes: string, mark: string): string[] {
  if (!existsSync(notes)) return [];
  const lines = readFileSync(notes, "utf8").split("\n");
  return lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(2));
}

/** Every so many of the calls in the short form, beginning anywhere; all of them in the long one. */
const stride = long ? 1 : 9;

describe("SIGKILL at each change that a process makes to the journal's folder", () => {
  it.each(["none", "some"])(
    `loses nothing, and leaves nothing behind, where it would have left %s (seed ${seed})`,
    async (leaves) => {
      // The dead before it: three segments, of which nothing is confirmed.
      const before = { journal: join(folder, "before"), notes: join(folder, "before.notes") };
      expect(await runVictim(before, ["dead", "12", "all"])).toBe("SIGKILL");
      const prepare = (name: string): Run => {
        const journal = join(folder, name);
        cpSync(before.journal, journal, { recursive: true });
        return { journal, notes: `${journal}.notes` };
      };

      const counted = join(folder, "counted");
      await runVictim(prepare("whole"), ["own", "12", leaves], { KILL_COUNT: counted });
      const calls = Number(readFileSync(counted, "utf8"));
      expect(calls).toBeGreaterThan(40);

      let kills = 0;
      let owed = 0;
      for (let at = 1 + (seed % stride); at <= calls; at += stride) {
        const half = (at + seed) % 2 === 0;
        const halves = long ? [{}, { KILL_HALF: "1" }] : [half ? { KILL_HALF: "1" } : {}];
        for (const env of halves) {
          const name = `at-${at}${"KILL_HALF" in env ? "-half" : ""}`;
          const run = prepare(name);
          const end = await runVictim(run, ["own", "12", leaves], { KILL_AT: String(at), ...env });
          // Timers move a call now and then: the last ones may not come.
          if (end === "SIGKILL") kills += 1;
          const alone = new Set(noted(run.notes, "d"));
          owed += noted(run.notes, "a").filter((uid) => !alone.has(uid)).length;
          const { delivered, left } = await recover(run.journal);
          const arrived = new Set([...delivered, ...noted(run.notes, "d")]);
          const issued = new Set([...noted(before.notes, "i"), ...noted(run.notes, "i")]);
          const accepted = [...noted(before.notes, "a"), ...noted(run.notes, "a")];
          expect({
            name,
            lost: accepted.filter((uid) => !arrived.has(uid)),
            foreign: delivered.filter((uid) => !issued.has(uid)),
            doubled: delivered.filter((uid, index) => delivered.indexOf(uid) !== index),
            left,
          }).toEqual({ name, lost: [], foreign: [], doubled: [], left: [] });
          rmSync(run.journal, { recursive: true });
        }
      }
      // Without the process that takes over, these were lost.
      expect(owed).toBeGreaterThan(0);
      expect(kills).toBeGreaterThan((calls / stride) * 0.8);
      process.stderr.write(`${calls} calls, ${kills} kills, leaving ${leaves}, seed ${seed}\n`);
    },
  );
});
