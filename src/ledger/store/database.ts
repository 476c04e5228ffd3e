import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { AuthlogError } from "../../errors.ts";
import { Damage } from "../damage.ts";
import { applicationId } from "../ledger-file.ts";
import { assertSchema } from "./integrity.ts";
import { createPrivateFile, makePrivate } from "../../files/private-file.ts";
import { causeText } from "../../files/system-reason.ts";

const formatVersion = 2;

/**
 * Rows are only ever added. What can be derived is not stored: a record's buffer follows from its
 * id, the open buffer is what lies behind the last closed one, leaves are read from their rows.
 * Searches go by the envelope, which is under the hash, and not by the columns beside it.
 */
export const tables: string = `
  CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    envelope TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    timestamp_us INTEGER,
    uid TEXT,
    content BLOB,
    conflict INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX event_received_at ON event (envelope ->> '$.received_at');
  CREATE INDEX event_uid ON event (uid, content) WHERE uid IS NOT NULL;
  CREATE INDEX event_conflict ON event (id) WHERE conflict = 1;
  CREATE TABLE buffer (
    id INTEGER PRIMARY KEY,
    first_event INTEGER NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    published_us INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE node (
    tree INTEGER NOT NULL,
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tree, level, idx)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ledger (tree_name TEXT NOT NULL) STRICT;
`;

/**
 * Opens the ledger's database for the one writer, and makes it (mode 0600) where there is none.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE` when the file is no ledger, or one of a later
 *   version
 * @throws Damage when it is a ledger whose tables were changed
 */
export function openForWriting(path: string): DatabaseSync {
  createPrivateFile(path);
  // What a crash left behind holds events as well; SQLite would use it with the rights that it has.
  for (const suffix of ["", "-wal", "-shm"]) makePrivate(`${path}${suffix}`);
  const db = new DatabaseSync(path);
  try {
    const version = versionOf(db);
    // Before there is a log beside the file: from now on its first bytes say whose it is.
    if (version === undefined) db.exec(`PRAGMA application_id = ${applicationId}`);
    // FULL: in WAL mode, a commit that returned is on disk (https://sqlite.org/pragma.html).
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
    if (version === undefined) create(db);
    else {
      assertVersion(path, version);
      assertSchema(db, tables);
    }
    return db;
  } catch (cause) {
    db.close();
    throw AuthlogError.is(cause) || cause instanceof Damage ? cause : notALedger(path, cause);
  }
}

/** Opens the database beside the writer: each transaction sees one moment and holds nobody up. */
export function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true });
  // A pragma, and not the option `timeout`, which Node 22.15 does not have.
  db.exec("PRAGMA busy_timeout = 5000");
  return db;
}

/** Runs `work` in one transaction: all of it is on disk when this returns, or none of it ever is. */
export function inTransaction<T>(
  db: DatabaseSync,
  begin: "BEGIN" | "BEGIN IMMEDIATE",
  work: () => T,
): T {
  db.exec(begin);
  try {
    const value = work();
    db.exec("COMMIT");
    return value;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

function rollBack(db: DatabaseSync): void {
  try {
    db.exec("ROLLBACK");
  } catch {
    // Some errors end the transaction by themselves; the first error is the one to be told.
  }
}

/** Version of the ledger in the file; undefined where there is none yet. */
export function versionOf(db: DatabaseSync): number | undefined {
  const objects = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
  const id = db.prepare("PRAGMA application_id").get()?.["application_id"];
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (objects === 0 && version === 0 && (id === 0 || id === applicationId)) return undefined;
  if (id !== applicationId) throw new Error("The database belongs to another application");
  return version;
}

function create(db: DatabaseSync): void {
  inTransaction(db, "BEGIN IMMEDIATE", () => {
    db.exec(tables);
    db.exec(`PRAGMA user_version = ${formatVersion}`);
    // Names the tree in every root; random, so that two ledgers are never taken for one.
    db.prepare("INSERT INTO ledger VALUES (?)").run(randomBytes(32).toString("hex"));
  });
}

export function assertVersion(path: string, version: number): void {
  if (version === formatVersion) return;
  throw new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `The ledger ${path} has format ${version}.`,
    why: `This version of authlog reads and writes format ${formatVersion}.`,
    fix: "Use the version of authlog that wrote the ledger, or a later one, or another path.",
  });
}

function notALedger(path: string, cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `${path} could not be opened as a ledger.`,
    why: causeText(cause),
    fix: "Correct that; or give another path, or bring the file back from a copy.",
    cause,
  });
}
