import { existsSync, lstatSync, type Stats } from "node:fs";
import type * as SQLite from "node:sqlite";
import { pathToFileURL } from "node:url";
import { AuthlogError } from "../errors.ts";
import { createPrivateFile } from "./private-file.ts";
import { noFile } from "./regular-file.ts";
import { runtimeName } from "./runtime.ts";

/** The right to be the one that uses something, while its process lives. */
export interface KernelLock {
  release: () => void;
}

/** Codes of SQLite (https://sqlite.org/rescode.html). */
const busy = 5;
const cannotOpen = 14;
const noDatabase = 26;

/**
 * Why there are no locks in this process, and so neither a journal nor a ledger; nothing where there
 * are.
 */
export function sqliteFault(): AuthlogError | undefined {
  return findSqlite() === undefined ? noSqlite() : undefined;
}

/** Asked of the runtime itself: bundlers know older lists of its modules. */
function findSqlite(): typeof SQLite | undefined {
  // Node has the function since 20.16, and warns of SQLite on 22 once it is loaded.
  const { getBuiltinModule } = process as Partial<typeof process>;
  return getBuiltinModule?.("node:sqlite");
}

function sqlite(): typeof SQLite {
  const found = findSqlite();
  if (found === undefined) throw noSqlite();
  return found;
}

function noSqlite(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_RUNTIME_UNSUPPORTED", {
    message: `authlog's journal and its embedded ledger need node:sqlite, which ${runtimeName()} lacks.`,
    why: "Node has it since 22.15, unless it is started with --no-experimental-sqlite. Without it events wait in memory only, and reach Pangea or an OpenTelemetry collector, but no ledger of this process.",
    fix: "Run the app with Node 22.15 or later; or set PANGEA_TOKEN, and AUTHLOG_DURABILITY=memory to say that this is meant.",
  });
}

/**
 * Takes a lock, if it is free. It is an exclusive SQLite transaction on a file of its own: the kernel
 * frees it the moment its holder dies, and pids, which mean nothing across containers, play no part.
 *
 * @param path made, private, where it is not there
 * @returns undefined while another holder has it, in this process or another
 */
export function tryLock(path: string): KernelLock | undefined {
  createPrivateFile(path);
  return tryLockExisting(path);
}

/**
 * The same, for a file that is not made: where it is gone, there is nothing left to be locked.
 *
 * @throws `EFTYPE` where it is no lock
 */
export function tryLockExisting(path: string): KernelLock | undefined {
  const before = statOfLock(path);
  if (before === undefined) return undefined;
  const { DatabaseSync } = sqlite();
  let db: InstanceType<typeof DatabaseSync> | undefined;
  try {
    db = new DatabaseSync(new URL(`${pathToFileURL(path).href}?mode=rw`));
    // Kept from a rollback journal beside the file: its folder may be given another name.
    db.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db?.close();
    const { errcode } = error as { errcode?: number };
    if (errcode === busy || (errcode === cannotOpen && !existsSync(path))) return undefined;
    if (errcode === noDatabase) throw noFile();
    throw error;
  }
  const held = db;
  // Its last holder may have removed the file meanwhile: a lock on one without a name keeps nobody out.
  if (statOfLock(path)?.ino !== before.ino) {
    held.close();
    return undefined;
  }
  return { release: () => held.close() };
}

/**
 * Whether somebody holds the lock of a file that is there. Asked by a shared lock, held for a moment,
 * beside which others can ask the same: nothing is taken, and nothing is made.
 *
 * @throws `EFTYPE` where it is no lock
 */
export function isLocked(path: string): boolean {
  if (statOfLock(path) === undefined) return false;
  const { DatabaseSync } = sqlite();
  let db: InstanceType<typeof DatabaseSync> | undefined;
  try {
    db = new DatabaseSync(new URL(`${pathToFileURL(path).href}?mode=ro`), { readOnly: true });
    db.exec("PRAGMA busy_timeout = 0; SELECT count(*) FROM sqlite_schema");
    return false;
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (errcode === busy) return true;
    if (errcode === cannotOpen && !existsSync(path)) return false;
    if (errcode === noDatabase) throw noFile();
    throw error;
  } finally {
    db?.close();
  }
}

/**
 * A lock's file is always empty: nothing is written under the lock. What holds something is not opened,
 * since SQLite would lock others out of their database, or finish what they left half done.
 */
function statOfLock(path: string): Stats | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !(stat.isFile() && stat.size === 0)) throw noFile();
  return stat;
}
