import { basename, dirname, join } from "node:path";
import { AuthlogError } from "../errors.ts";
import { ensurePrivateFolder } from "../files/private-folder.ts";
import { causeText } from "../files/system-reason.ts";

/** Where the parts of one ledger lie: all in one folder, all with mode 0600. */
export interface LedgerFiles {
  readonly database: string;
  /** Held, as a kernel lock, by the process that serves. */
  readonly lock: string;
  /** Says to other processes where the ledger is served. */
  readonly descriptor: string;
  readonly appendToken: string;
  readonly readToken: string;
}

/** The files of the ledger at `path`. */
export function filesOf(path: string): LedgerFiles {
  // A name that is `.db` alone has no other part, and would name files outside the folder.
  const stem = join(dirname(path), basename(path).replace(/(?<=.)\.db$/, ""));
  return {
    database: path,
    lock: `${stem}.lock`,
    descriptor: `${stem}.json`,
    appendToken: `${stem}.append-token`,
    readToken: `${stem}.read-token`,
  };
}

/** What SQLite makes for a database: the file itself, its write-ahead log, and a journal before that. */
export function databaseFiles(database: string): string[] {
  return ["", "-wal", "-shm", "-journal"].map((suffix) => `${database}${suffix}`);
}

/**
 * Makes the ledger's folder where it is not there.
 *
 * @returns takes back what was made
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE`
 */
export function ensureFolder(path: string): () => void {
  const folder = dirname(path);
  try {
    return ensurePrivateFolder(folder);
  } catch (cause) {
    throw new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
      message: `The folder ${folder} could not be made.`,
      why: causeText(cause),
      fix: "Give the ledger a path that the process can write to.",
      cause,
    });
  }
}
