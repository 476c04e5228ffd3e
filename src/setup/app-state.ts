import { closeSync, fstatSync, readFileSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { replaceFileSoon } from "../files/private-file.ts";
import { ensurePrivateFolder } from "../files/private-folder.ts";
import { isOwn, isRegularThere, openRegular } from "../files/regular-file.ts";
import { getSlot, type SeenActivity } from "../slot.ts";
import type { DeliveringExporter, DeliveryOutcome } from "../telemetry/exporter.ts";
import type { AuthlogConfig } from "./config.ts";
import type { OpenDestination, Place } from "./destination.ts";
import { versionOf } from "./package-version.ts";
import { namedSettings, type Source } from "./setting.ts";

/** Where the process that set authlog up says what it did, relative to the app's folder. */
export const appStateFile = ".authlog/app.json";

/** How authlog was set up. */
export type SetUpBy = "register" | "auditProcessor";

/** What one process says of itself, for `authlog doctor`. No value of a setting is in it. */
export interface AppState extends SeenActivity {
  readonly version: 1;
  readonly pid: number;
  /** Differs for another process that got the same pid later. Only on Linux. */
  readonly startTicks?: string;
  readonly startedUnixMillis: number;
  readonly versions: { readonly node: string; readonly authlog?: string | undefined };
  readonly setUpBy: SetUpBy;
  readonly production: boolean;
  readonly destination: Place;
  /** Of the settings that have another source than the default. */
  readonly settings: readonly { readonly name: string; readonly source: Source }[];
  /** When events were last delivered. */
  readonly deliveredUnixMillis?: number;
  /** What came of the last delivery, where that failed. */
  readonly failed?: { readonly unixMillis: number; readonly code: string };
}

/** At most so often is the file written anew. */
const writeMillis = 1000;

/**
 * Writes the file now, and again, behind what happens and at most once a second, when an event came
 * or a delivery ended. Of several processes in one folder the last writer's file remains. Where it
 * cannot be written the doctor knows less, and nothing else is different.
 *
 * @returns the destination's exporter, whose deliveries are noted
 */
export function publishAppState(
  config: AuthlogConfig,
  setUpBy: SetUpBy,
  { exporter, place }: OpenDestination,
): DeliveringExporter {
  const { activity } = getSlot();
  const path = resolve(appStateFile);
  const facts = {
    version: 1,
    ...processIdentity(),
    versions: { node: process.versions.node, authlog: versionOf("authlog") },
    setUpBy,
    production: config.production,
    destination: place,
    settings: namedSettings(config).flatMap(([name, { source }]) =>
      source === "default" ? [] : [{ name, source }],
    ),
  } as const;
  let delivery: Pick<AppState, "deliveredUnixMillis" | "failed"> = {};
  let due: NodeJS.Timeout | undefined;

  async function write(): Promise<void> {
    const state: AppState = { ...facts, ...activity.seen, ...delivery };
    try {
      ensurePrivateFolder(dirname(path));
      if (mayReplace(path)) await replaceFileSoon(path, `${JSON.stringify(state)}\n`);
    } catch {
      // A folder that takes no file is the journal's to report.
    }
  }

  function changed(): void {
    due ??= setTimeout(() => void write().finally(() => (due = undefined)), writeMillis).unref();
  }

  activity.changed = changed;
  void write();
  return observed(exporter, (outcome) => {
    const unixMillis = Date.now();
    delivery =
      outcome.status === "retryable"
        ? { ...delivery, failed: { unixMillis, code: outcome.cause.code } }
        : { deliveredUnixMillis: unixMillis };
    changed();
  });
}

/** It has some hundred bytes; what is far longer is none. */
export const maxAppStateBytes: number = 1024 ** 2;

/** Whether what has the name was written by authlog, or nothing has it: all else is left as it is. */
function mayReplace(path: string): boolean {
  if (!isRegularThere(path)) return true;
  const descriptor = openRegular(path);
  try {
    const stat = fstatSync(descriptor);
    if (!isOwn(stat) || stat.size > maxAppStateBytes) return false;
    // Next.js would trace the whole project for a `readFileSync` of what it cannot know.
    const bytes = Buffer.alloc(stat.size);
    readSync(descriptor, bytes);
    const { version, setUpBy } = JSON.parse(bytes.toString()) as Partial<AppState>;
    return typeof version === "number" && typeof setUpBy === "string";
  } finally {
    closeSync(descriptor);
  }
}

function observed(
  exporter: DeliveringExporter,
  note: (outcome: DeliveryOutcome) => void,
): DeliveringExporter {
  return {
    async deliver(...args) {
      const outcome = await exporter.deliver(...args);
      note(outcome);
      return outcome;
    },
    export: (records, resultCallback) => exporter.export(records, resultCallback),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

function processIdentity(): Pick<AppState, "pid" | "startTicks" | "startedUnixMillis"> {
  const startTicks = startTicksOf(process.pid);
  return {
    pid: process.pid,
    ...(startTicks !== undefined && { startTicks }),
    startedUnixMillis: Math.round(performance.timeOrigin),
  };
}

/** When a process started, in the kernel's ticks; `undefined` where there is none, or no Linux. */
export function startTicksOf(pid: number): string | undefined {
  try {
    // proc(5): the name, in brackets, may hold anything; the 20th field behind it is the start.
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined;
  }
}
