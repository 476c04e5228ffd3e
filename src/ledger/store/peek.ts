import { existsSync, realpathSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { AuthlogError } from "../../errors.ts";
import { systemReason } from "../../files/system-reason.ts";
import { whyNoLedger } from "../ledger-file.ts";
import { assertVersion, inTransaction, versionOf } from "./database.ts";

/** Where a ledger file ends. */
export interface LedgerEnd {
  /** The random name of the ledger's tree: another name is another ledger. */
  readonly treeName: string;
  /** The id that the next event will have; ids count from 0. */
  readonly nextId: number;
}

/** A record as its row has it. Nothing in it is checked. */
export interface LedgerRow {
  readonly id: number;
  /** Hexadecimal SHA-256 of the envelope. */
  readonly hash: string;
  /** The sealed envelope, JSON. */
  readonly envelope: string;
  /** Whether its uid was in the ledger already, with other content. */
  readonly conflict: boolean;
}

/** What one look at a ledger file found. */
export interface Peek {
  readonly end: LedgerEnd;
  /** Records in the order of their ids; fewer than there are where they are large. */
  readonly rows: readonly LedgerRow[];
}

/** One look reads no more than this of a ledger: it is held whole. */
const maxPeekBytes = 4 * 1_024 ** 2;
/** SQLite's code for a file that is no database (https://sqlite.org/rescode.html). */
const notADatabase = 26;

/**
 * Looks into a ledger file that any process may serve meanwhile, and closes it again: between two
 * looks nothing is held, so the process that serves it can still tidy up at its end. Writes nothing.
 *
 * @param path the database file; a link is followed
 * @param firstId given the ledger's end, the id to read from
 * @returns undefined where there is no ledger (yet), or where it is being opened or closed just now
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE` when the file is no ledger that can be read
 */
export function peek(path: string, firstId: (end: LedgerEnd) => number): Peek | undefined {
  let db: DatabaseSync | undefined;
  /** Without locks, what was read, or was wrong, is so only if nobody wrote meanwhile. */
  let isSound: (() => boolean) | undefined;
  try {
    if (!statSync(path).isFile()) throw new Error("It is not a file.");
    const file = realpathSync(path);
    const url = `${pathToFileURL(file).href}?mode=ro`;
    const hasLog = existsSync(`${file}-wal`);
    // Where nobody has it open, SQLite would make a `-shm` file: not beside another program's database.
    const whyNot = hasLog && !existsSync(`${file}-shm`) ? whyNoLedger(file) : undefined;
    if (whyNot !== undefined) throw new Error(whyNot);
    if (hasLog) db = new DatabaseSync(new URL(url), { readOnly: true });
    else {
      // In its usual mode SQLite would make a `-wal` file; `immutable` takes no locks either.
      const before = stateOf(file);
      isSound = () => !existsSync(`${file}-wal`) && stateOf(file) === before;
      db = new DatabaseSync(new URL(`${url}&immutable=1`), { readOnly: true });
    }
    db.exec("PRAGMA busy_timeout = 1000");
    const found = read(db, path, firstId);
    return isSound?.() === false ? undefined : found;
  } catch (cause) {
    if (isPassing(cause) || isSound?.() === false) return undefined;
    throw AuthlogError.is(cause) ? cause : unreadable(path, cause);
  } finally {
    db?.close();
  }
}

function read(
  db: DatabaseSync,
  path: string,
  firstId: (end: LedgerEnd) => number,
): Peek | undefined {
  return inTransaction(db, "BEGIN", () => {
    const version = versionOf(db);
    if (version === undefined) return undefined;
    assertVersion(path, version);
    const end = {
      treeName: String(db.prepare("SELECT tree_name FROM ledger").get()?.["tree_name"]),
      nextId: Number(db.prepare("SELECT max(id) AS id FROM event").get()?.["id"] ?? -1) + 1,
    };
    const rows: LedgerRow[] = [];
    let bytes = 0;
    const select = db.prepare(
      "SELECT id, hash, envelope, conflict FROM event WHERE id >= ? ORDER BY id",
    );
    for (const { id, hash, envelope, conflict } of select.iterate(firstId(end))) {
      rows.push({
        id: Number(id),
        hash: Buffer.from(hash as Uint8Array).toString("hex"),
        envelope: String(envelope),
        conflict: conflict === 1,
      });
      bytes += String(envelope).length;
      if (bytes >= maxPeekBytes) break;
    }
    return { end, rows };
  });
}

/** Changes with each write, and where another file gets the name. */
function stateOf(file: string): string {
  const { ino, size, mtimeNs } = statSync(file, { bigint: true, throwIfNoEntry: false }) ?? {};
  return `${ino} ${size} ${mtimeNs}`;
}

/** Busy, locked, or the file went away between two system calls. */
function isPassing(error: unknown): boolean {
  const { errcode = 0 } = error as { errcode?: number };
  return systemReason(error) === "ENOENT" || [5, 6].includes(errcode % 256);
}

function unreadable(path: string, cause: unknown): AuthlogError {
  const { errcode } = cause as { errcode?: number };
  return new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `${path} cannot be read as a ledger.`,
    why: errcode === notADatabase ? "It is no SQLite database." : (cause as Error).message,
    fix: "Give the path of a ledger that this user may read.",
    cause,
  });
}
