import { randomUUID } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isOwn } from "./regular-file.ts";

/**
 * Makes an empty file with mode 0600 where there is none, so that SQLite, which would use the
 * process's umask, finds it private. The file's name is on disk when this returns. What is there is
 * left as it is.
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  syncFolder(dirname(path));
}

/**
 * Takes the rights of others from a file that authlog made, where there is one; a link, or another
 * user's file, is left as it is.
 *
 * It is not opened: closing any descriptor of a file drops every POSIX lock that the process holds on
 * it (https://sqlite.org/howtocorrupt.html, section 2.2).
 */
export function makePrivate(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true && isOwn(stat) && isShared(stat)) chmodSync(path, 0o600);
}

/** Whether others have a right to a file. Windows has no such bits, and reports that they do. */
export function isShared({ mode }: { mode: number }): boolean {
  return (mode & 0o077) !== 0 && process.platform !== "win32";
}

/**
 * Writes a file that must not be there yet, with mode 0600, whole or not at all: where the disk does
 * not take it, nothing is left.
 *
 * @param flush whether it is on the disk when this returns
 * @throws the system's error; `EEXIST` where anything has the name, a link included
 */
export function writeNewFile(path: string, content: string | Buffer, flush = false): void {
  const descriptor = openSync(path, "wx", 0o600);
  try {
    writeFileSync(descriptor, content, { flush });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a file of authlog's anew: a reader finds the old one or the new one, never a part. */
export function replaceFile(path: string, text: string): void {
  const draft = draftOf(path);
  writeNewFile(draft, text);
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** The same, without making the thread wait. A link in its place is replaced, not followed. */
export async function replaceFileSoon(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** A name of its own: whatever else has a fixed one would have to be removed first. */
const draftOf = (path: string): string => `${path}.${randomUUID()}.new`;

// Windows opens no folder, and has no need to.
const opensFolders = process.platform !== "win32";

/** Writes a folder's list of names to disk: without it, a power cut can take a new file away whole. */
export function syncFolder(path: string): void {
  if (!opensFolders) return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The same, without making the thread wait. */
export async function syncFolderSoon(path: string): Promise<void> {
  if (!opensFolders) return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
