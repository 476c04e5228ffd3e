import { DatabaseSync } from "node:sqlite";
import { createPrivateFile } from "./private-file.ts";

/** The right to be the one process that serves a ledger. */
export interface LedgerLock {
  release: () => void;
}

/** SQLITE_BUSY (https://sqlite.org/rescode.html). */
const busy = 5;

/**
 * Takes the lock of a ledger, if it is free. It is an exclusive SQLite transaction on a file of its
 * own: the kernel frees it the moment its holder dies, and pids, which mean nothing across
 * containers, play no part.
 *
 * @returns undefined while another holder has it, in this process or another
 */
export function tryLock(path: string): LedgerLock | undefined {
  createPrivateFile(path);
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw error;
  }
}
