import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Durability } from "../../../src/delivery/journal/journal-options.ts";

const script = resolve(import.meta.dirname, "processes/emitter.ts");

/** What an emitter is told. */
export interface EmitterConfig {
  /** Its records' producer and user. */
  run: string;
  /** The folder of the oracle's notes. */
  notes: string;
  journal: string;
  durability: Durability;
  url: string;
  token: string;
  /** So many records come as fast as they can. */
  count: number;
  /** Whether more follow, one a millisecond. */
  goesOn: boolean;
  maxQueueSize: number;
  maxExportBatchSize: number;
  segmentBytes: number;
  adoptionMillis: number;
}

/** How its process is started. */
export interface EmitterStart {
  /** Modules that are loaded first. */
  preload?: readonly string[];
  /** A program that starts it, with its arguments. */
  within?: readonly string[];
}

/** A process that emits records. */
export interface Emitter extends AsyncDisposable {
  readonly run: string;
  /** Its id, as it sees it itself. */
  readonly pid: Promise<number>;
  /** What it has diagnosed so far: codes, each with its reason. */
  readonly diagnostics: readonly string[];
  /** Lets it begin. */
  go(): void;
  /** Resolves when it has said the word. */
  said(word: "ready" | "counted" | "delivered" | "drained"): Promise<void>;
  /** Stops emitting, and resolves when everything that it knows of is delivered. */
  drain(): Promise<void>;
  /** Lets it shut down, and waits until it is gone; gives its exit code. */
  end(): Promise<number | null>;
  /** Kills it, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Loads an emitter; it begins when it is told to. */
export function loadEmitter(
  config: EmitterConfig,
  { preload = [], within = [] }: EmitterStart = {},
): Emitter {
  const [program, ...args] = [
    ...within,
    process.execPath,
    ...preload.flatMap((module) => ["--import", module]),
    script,
    JSON.stringify({ ...config, notes: join(config.notes, config.run) }),
  ];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  // Once its output is closed, all who could write to it are gone: also what a `within` has started.
  const gone = once(child, "close") as Promise<[code: number | null]>;
  // What is written to one that has just died.
  child.stdin.on("error", () => {});
  const diagnostics: string[] = [];
  const words = new Map<string, PromiseWithResolvers<string>>();
  const word = (name: string): PromiseWithResolvers<string> => {
    const known = words.get(name) ?? Promise.withResolvers<string>();
    words.set(name, known);
    return known;
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [, name = "", rest = ""] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    if (name === "diagnostic") diagnostics.push(rest);
    else word(name).resolve(rest);
  });
  const said = (name: string): Promise<string> =>
    Promise.race([
      word(name).promise,
      gone.then(([code]) => Promise.reject(new Error(`${config.run} ended with ${code}: ${name}`))),
    ]);
  const kill = async (): Promise<void> => {
    if (isRunning(child)) child.kill("SIGKILL");
    await gone;
  };
  return {
    run: config.run,
    diagnostics,
    get pid() {
      return said("ready").then(Number);
    },
    go: () => void child.stdin.write("go\n"),
    said: async (name) => void (await said(name)),
    async drain() {
      words.delete("drained");
      child.stdin.write("drain\n");
      await said("drained");
    },
    async end() {
      child.stdin.write("end\n");
      const [code] = await gone;
      return code;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
