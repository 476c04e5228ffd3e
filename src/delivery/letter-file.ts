import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { isShared, syncFolder, syncFolderSoon } from "../files/private-file.ts";
import { ensurePrivateFolder } from "../files/private-folder.ts";
import { systemReason } from "../files/system-reason.ts";
import { SyncRounds } from "./journal/sync-rounds.ts";
import { assertLetters } from "./own-letters.ts";

/** How lines are appended. */
export interface AppendOptions {
  /** The most that the file may grow to. @default any size */
  maxBytes?: number;
  /** The system call; tests pass one during which something happens. */
  write?: (descriptor: number, bytes: Buffer, offset: number) => number;
}

/** What became of lines that were to be appended. */
export type Appended =
  | { status: "written" }
  /** The file would grow beyond its bound: nothing was written. */
  | { status: "full" }
  /** The system's error. Of the lines, the first `written` stand in the file all the same. */
  | { status: "failed"; written: number; cause: unknown };

const lineBreak = "\n".charCodeAt(0);

/**
 * Appends whole lines to a file of dead letters, in one system call where the disk allows: lines of
 * several processes do not mix. What was written is on the disk when the call returns, and survives a
 * power cut: whoever writes a letter gives away the only other copy.
 *
 * @param lines each with its break
 * @throws the system's error, where the file cannot be opened or synced: no line counts as written then
 */
export function appendLetters(
  file: string,
  lines: readonly Buffer[],
  options: AppendOptions = {},
): Appended {
  const { appended, descriptor } = append(file, lines, options);
  if (descriptor === undefined) return appended;
  try {
    fdatasyncSync(descriptor);
    // Each time: that the file was there does not tell that its name is on the disk. Who made it may
    // be another process, and not that far yet.
    syncFolder(dirname(file));
  } finally {
    closeSync(descriptor);
  }
  return appended;
}

/**
 * The same, without making the thread wait for the disk.
 *
 * @returns beside what became of the lines, what resolves when they are on the disk, or rejects with
 *   the system's error
 * @throws the system's error, where the file cannot be opened
 */
export function appendLettersSoon(
  file: string,
  lines: readonly Buffer[],
  options: AppendOptions = {},
): { appended: Appended; onDisk: Promise<void> } {
  const { appended, descriptor } = append(file, lines, options);
  const onDisk = descriptor === undefined ? Promise.resolve() : syncSoon(descriptor, dirname(file));
  return { appended, onDisk };
}

/** A file whose letters somebody waits for. */
interface Syncing {
  readonly descriptor: number;
  readonly rounds: SyncRounds;
  waiting: number;
}

/** By device and inode: on a disk that hangs, a file takes one descriptor, not one for each letter. */
const syncing = new Map<string, Syncing>();

async function syncSoon(descriptor: number, folder: string): Promise<void> {
  const { dev, ino } = fstatSync(descriptor);
  const key = `${dev}:${ino}`;
  const known = syncing.get(key);
  if (known !== undefined) closeSync(descriptor);
  const file = known ?? { descriptor, rounds: roundsOf(descriptor, folder), waiting: 0 };
  syncing.set(key, file);
  file.waiting += 1;
  try {
    file.rounds.add();
    await file.rounds.reached();
  } finally {
    file.waiting -= 1;
    if (file.waiting === 0) {
      syncing.delete(key);
      closeSync(file.descriptor);
    }
  }
}

function roundsOf(descriptor: number, folder: string): SyncRounds {
  return new SyncRounds(async () => {
    await promisify(fdatasync)(descriptor);
    await syncFolderSoon(folder);
  });
}

/** What became of lines, and the file that has some of them: it is still to be synced and closed. */
interface Open {
  appended: Appended;
  descriptor?: number;
}

function append(file: string, lines: readonly Buffer[], options: AppendOptions): Open {
  const unmakeFolder = ensurePrivateFolder(dirname(file));
  // A retry gives the file another name, reads it to its end, and takes it away. What was written to
  // it meanwhile is written again: it may come twice, but it does not go with the file.
  try {
    for (;;) {
      const open = appendOnce(file, lines, options);
      if (open !== "renamed") return open;
    }
  } catch (error) {
    unmakeFolder();
    throw error;
  }
}

function appendOnce(
  file: string,
  lines: readonly Buffer[],
  { maxBytes = Infinity, write = writeSync }: AppendOptions,
): Open | "renamed" {
  const opened = openLetters(file);
  if (opened === undefined) return "renamed";
  const { descriptor, isNew } = opened;
  let kept = false;
  try {
    const stat = fstatSync(descriptor);
    if (!isNew) assertLetters(descriptor, stat, file);
    const { size, ino, dev } = stat;
    const lead = endsWithBreak(descriptor, size) ? noBytes : lineEnd;
    const bytes = Buffer.concat([lead, ...lines]);
    if (size + bytes.length > maxBytes) return { appended: { status: "full" } };
    if (isShared(stat)) fchmodSync(descriptor, 0o600);
    let written = 0;
    let appended: Appended = { status: "written" };
    try {
      while (written < bytes.length) written += write(descriptor, bytes, written);
    } catch (cause) {
      appended = { status: "failed", written: wholeLines(lines, written - lead.length), cause };
      if (appended.written === 0) return { appended };
    }
    const there = statSync(file, { throwIfNoEntry: false });
    if (there?.ino !== ino || there.dev !== dev) return "renamed";
    kept = true;
    return { appended, descriptor };
  } finally {
    if (!kept) closeSync(descriptor);
  }
}

/**
 * Opens the file, or makes it; nothing where another process was faster at one or the other. A link,
 * or a pipe, that somebody put in its place is not written to. Windows has no such flags, and counts
 * them as 0.
 */
function openLetters(file: string): { descriptor: number; isNew: boolean } | undefined {
  const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
  const flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
  try {
    return { descriptor: openSync(file, flags), isNew: false };
  } catch (error) {
    if (systemReason(error) !== "ENOENT") throw error;
  }
  try {
    return { descriptor: openSync(file, flags | O_CREAT | O_EXCL, 0o600), isNew: true };
  } catch (error) {
    if (systemReason(error) === "EEXIST") return undefined;
    throw error;
  }
}

const noBytes = Buffer.alloc(0);
const lineEnd = Buffer.of(lineBreak);

/** A process that was killed while it wrote leaves half a line: no other is to be joined to it. */
function endsWithBreak(descriptor: number, size: number): boolean {
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  return readSync(descriptor, last, 0, 1, size - 1) === 0 || last[0] === lineBreak;
}

/** How many lines stand whole in the first bytes: a disk that gets full can cut one in two. */
function wholeLines(lines: readonly Buffer[], bytes: number): number {
  let end = 0;
  return lines.filter((line) => (end += line.length) <= bytes).length;
}
