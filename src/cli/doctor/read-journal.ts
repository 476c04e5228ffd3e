import { accessSync, constants, lstatSync, readlinkSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type JournalSummary, viewJournal } from "../../delivery/journal/journal-view.ts";
import { networkFileSystemOf } from "../../delivery/journal/network-file-system.ts";
import { countLetters } from "../../delivery/letter-sources.ts";
import { systemReason } from "../../files/system-reason.ts";
import type { AuthlogConfig } from "../../setup/config.ts";

/** What was found of an app's journal. */
export interface JournalFinding {
  readonly dir: string;
  /** The name of the network file system that it is on. */
  readonly network?: string;
  /** Why nothing can be written there, by the system's code. */
  readonly unwritable?: string;
  /** A link on the way there, and what it leads to, which is not there. */
  readonly brokenLink?: { readonly path: string; readonly target: string };
  /** What lies there; absent where it cannot be read. */
  readonly summary?: JournalSummary;
  /** Why it cannot, by the system's code. */
  readonly unreadable?: string;
  readonly deadLetterPath: string;
  readonly deadLetters: number;
}

/** Looks at the journal of the app in a folder. Changes nothing there. */
export function readJournal(folder: string, config: AuthlogConfig): JournalFinding {
  const dir = resolve(folder, config.journal.dir.value);
  const deadLetterPath = resolve(folder, config.deadLetterPath.value);
  return {
    dir,
    ...placeOf(nearest(dir)),
    ...summaryOf(dir),
    deadLetterPath,
    deadLetters: lettersIn(deadLetterPath),
  };
}

/** The journal's folder; or where it is not there yet, what it would be made in. */
function nearest(path: string): string {
  const parent = dirname(path);
  return isThere(path) || parent === path ? path : nearest(parent);
}

/** A link is there, wherever it leads: no folder can be made in its place. */
const isThere = (path: string): boolean => reasonOf(() => lstatSync(path)) === undefined;

function placeOf(path: string): Pick<JournalFinding, "network" | "unwritable" | "brokenLink"> {
  const broken = reasonOf(() => statSync(path));
  if (broken === "ENOENT") {
    return { unwritable: broken, brokenLink: { path, target: endOf(path) } };
  }
  if (broken !== undefined) return { unwritable: broken };
  if (!statSync(path).isDirectory()) return { unwritable: "ENOTDIR" };
  const network = networkFileSystemOf(path);
  const unwritable = reasonOf(() => accessSync(path, constants.W_OK | constants.X_OK));
  return {
    ...(network !== undefined && { network }),
    ...(unwritable !== undefined && { unwritable }),
  };
}

/** Where a link ends that leads to nothing, over however many others. */
function endOf(link: string): string {
  const target = resolve(dirname(link), readlinkSync(link));
  return isThere(target) ? endOf(target) : target;
}

function summaryOf(dir: string): Pick<JournalFinding, "summary" | "unreadable"> {
  let summary: JournalSummary | undefined;
  const unreadable = reasonOf(() => {
    summary = viewJournal(dir);
  });
  return unreadable === undefined ? { ...(summary && { summary }) } : { unreadable };
}

function lettersIn(path: string): number {
  let count = 0;
  reasonOf(() => {
    count = countLetters(path);
  });
  return count;
}

function reasonOf(look: () => void): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    return reason;
  }
}
