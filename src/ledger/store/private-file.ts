import { closeSync, openSync } from "node:fs";

/**
 * Makes an empty file with mode 0600 where there is none, so that SQLite, which would use the
 * process's umask, finds it private.
 *
 * A file that is there is not opened at all: closing any descriptor of a file drops every POSIX
 * lock that the process holds on it (https://sqlite.org/howtocorrupt.html, section 2.2).
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
