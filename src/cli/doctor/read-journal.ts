import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type JournalSummary, viewJournal } from "../../delivery/journal/journal-view.ts";
import { networkFileSystemOf } from "../../delivery/journal/network-file-system.ts";
import { countLetters } from "../../delivery/letter-lines.ts";
import { systemReason } from "../../files/system-reason.ts";
import type { AuthlogConfig } from "../../setup/config.ts";

/** What was found of an app's journal. */
export interface JournalFinding {
  readonly dir: string;
  /** The name of the network file system that it is on. */
  readonly network?: string;
  /** Why nothing can be written there, by the system's code. */
  readonly unwritable?: string;
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
  const there = nearestFolder(dir);
  const network = networkFileSystemOf(there);
  const unwritable = statSync(there).isDirectory()
    ? reasonOf(() => accessSync(there, constants.W_OK | constants.X_OK))
    : "ENOTDIR";
  return {
    dir,
    ...(network !== undefined && { network }),
    ...(unwritable !== undefined && { unwritable }),
    ...summaryOf(dir),
    deadLetterPath,
    deadLetters: lettersIn(deadLetterPath),
  };
}

/** The folder in which the journal would be made, where it is not there yet. */
function nearestFolder(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : nearestFolder(parent);
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
