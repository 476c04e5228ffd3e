import { chmodSync, closeSync, fsyncSync, openSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes an empty file with mode 0600 where there is none, so that SQLite, which would use the
 * process's umask, finds it private. The file's name is on disk when this returns. A file that is
 * there is made private again, if others could read it.
 *
 * It is not opened for that: closing any descriptor of a file drops every POSIX
 * lock that the process holds on it (https://sqlite.org/howtocorrupt.html, section 2.2).
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    makePrivate(path);
    return;
  }
  syncFolder(dirname(path));
}

/** Takes the rights of others from a file, where there is one. It is not opened. */
export function makePrivate(path: string): void {
  const { mode = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  if ((mode & 0o077) !== 0) chmodSync(path, 0o600);
}

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
