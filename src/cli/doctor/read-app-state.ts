import { closeSync, fstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { openRegular } from "../../files/regular-file.ts";
import { systemReason } from "../../files/system-reason.ts";
import {
  type AppState,
  appStateFile,
  maxAppStateBytes,
  startTicksOf,
} from "../../setup/app-state.ts";

/** What the app said of itself when it ran in a folder. */
export type AppStateFinding =
  | { readonly kind: "found"; readonly state: AppState; readonly running: boolean }
  /** Nothing is there: authlog was never set up in this folder. */
  | { readonly kind: "missing" }
  /** Something is there that no version of authlog known here has written, or that cannot be read. */
  | { readonly kind: "unreadable"; readonly path: string; readonly reason: string };

const time = v.pipe(v.number(), v.minValue(0));
const text = v.pipe(v.string(), v.maxLength(4096));

/** Whatever lies there: somebody else may have written it. */
const schema: v.GenericSchema<unknown, AppState> = v.object({
  version: v.literal(1),
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  startTicks: v.exactOptional(text),
  startedUnixMillis: time,
  versions: v.object({ node: text, authlog: v.exactOptional(text) }),
  setUpBy: v.picklist(["register", "auditProcessor"]),
  production: v.boolean(),
  destination: v.variant("kind", [
    v.object({ kind: v.literal("ledger"), path: text }),
    v.object({ kind: v.literal("remote"), url: text }),
    v.object({ kind: v.literal("none") }),
  ]),
  settings: v.pipe(
    v.array(v.object({ name: text, source: v.picklist(["code", "environment", "default"]) })),
    v.maxLength(200),
  ),
  deliveredUnixMillis: v.exactOptional(time),
  failed: v.exactOptional(
    v.object({ unixMillis: time, code: v.pipe(v.string(), v.regex(/^ERR_AUTHLOG_[A-Z_]{1,50}$/)) }),
  ),
  provider: v.exactOptional(v.picklist(["authlog", "sdk-node", "app", "none"])),
  wrapped: v.exactOptional(v.picklist(["function", "options"])),
  lastEventUnixMillis: v.exactOptional(time),
  takenBy: v.exactOptional(v.picklist(["processor", "sink"])),
});

/** Reads it, and sees whether the process that wrote it lives. Follows no link. */
export function readAppState(folder: string): AppStateFinding {
  const path = join(folder, appStateFile);
  let descriptor: number | undefined;
  try {
    descriptor = openRegular(path);
    if (fstatSync(descriptor).size > maxAppStateBytes)
      return { kind: "unreadable", path, reason: "it is too large" };
    const parsed = v.safeParse(schema, JSON.parse(readFileSync(descriptor, "utf8")));
    if (!parsed.success) return { kind: "unreadable", path, reason: "it is of another form" };
    return { kind: "found", state: parsed.output, running: isRunning(parsed.output) };
  } catch (error) {
    const reason = systemReason(error);
    if (reason === "ENOENT" || reason === "ENOTDIR") return { kind: "missing" };
    return { kind: "unreadable", path, reason: reason ?? "it is no JSON" };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A pid alone says little: another process may have it by now. */
function isRunning({ pid, startTicks }: AppState): boolean {
  if (startTicks !== undefined) return startTicksOf(pid) === startTicks;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemReason(error) === "EPERM";
  }
}
