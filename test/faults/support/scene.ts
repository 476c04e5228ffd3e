import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { seeded } from "../../support/random.ts";
import {
  type Emitter,
  type EmitterConfig,
  type EmitterStart,
  loadEmitter,
} from "./emitter-process.ts";
import { Oracle, runPrefix } from "./oracle.ts";

/** Whether the long form is asked for. */
export const long: boolean = process.env["TEST_AUTHLOG_LONG"] !== undefined;

/** Bounds a failure on a machine that is busy with other things; nothing is asserted about time. */
export const patienceMillis: number = long ? 7_200_000 : 240_000;

/** Repeats a run exactly, as far as processes do. */
export const seed: number = Number(process.env["TEST_AUTHLOG_SEED"] ?? Date.now() % 1e9);

/** One journal, its oracle, and the emitters that are let loose on it. */
export interface Scene {
  readonly folder: string;
  readonly journal: string;
  readonly oracle: Oracle;
  /** From 0 to below 1, the same ones for the same seed. */
  readonly random: () => number;
  /** Loads the next emitter. It is killed when the test is over, if it lives then. */
  load(config?: Partial<EmitterConfig>, start?: EmitterStart): Emitter;
  /** What lies in the journal's folder, but for its `.gitignore`. */
  left(): string[];
}

/** Where the emitters deliver to. */
export interface Target {
  url: string;
  token: string;
}

/** Sets a scene that goes away with the test. */
export function setScene(target: Target, defaults: Partial<EmitterConfig> = {}): Scene {
  const folder = mkdtempSync(join(tmpdir(), "authlog-faults-"));
  const oracle = new Oracle(join(folder, "notes"));
  const journal = join(folder, "journal");
  const emitters: Emitter[] = [];
  onTestFinished(async () => {
    await Promise.all(emitters.map((emitter) => emitter.kill()));
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    journal,
    oracle,
    random: seeded(seed),
    load(config, start) {
      const emitter = loadEmitter(
        {
          run: `${runPrefix}${String(emitters.length + 1).padStart(5, "0")}`,
          notes: oracle.folder,
          journal,
          durability: "process",
          url: target.url,
          token: target.token,
          count: 50,
          goesOn: false,
          maxQueueSize: 64,
          maxExportBatchSize: 16,
          segmentBytes: 16_384,
          adoptionMillis: 500,
          ...defaults,
          ...config,
        },
        start,
      );
      emitters.push(emitter);
      return emitter;
    },
    left: () => readdirSync(journal).filter((name) => name !== ".gitignore"),
  };
}
