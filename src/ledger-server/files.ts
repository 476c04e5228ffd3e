import { basename, dirname, join } from "node:path";
import { AuthlogError } from "../errors.ts";
import { ensurePrivateFolder } from "../files/private-folder.ts";

/** Where the parts of one ledger lie: all in one folder, all with mode 0600. */
export interface LedgerFiles {
  readonly database: string;
  /** Held, as a kernel lock, by the process that serves. */
  readonly lock: string;
  /** Tells other processes where the ledger is served. */
  readonly descriptor: string;
  readonly appendToken: string;
  readonly readToken: string;
}

/** The files of the ledger at `path`. */
export function filesOf(path: string): LedgerFiles {
  const stem = join(dirname(path), basename(path).replace(/\.db$/, ""));
  return {
    database: path,
    lock: `${stem}.lock`,
    descriptor: `${stem}.json`,
    appendToken: `${stem}.append-token`,
    readToken: `${stem}.read-token`,
  };
}

/**
 * Makes the ledger's folder where it is not there.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE`
 */
export function ensureFolder(path: string): void {
  const folder = dirname(path);
  try {
    ensurePrivateFolder(folder);
  } catch (cause) {
    throw new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
      message: `The folder ${folder} could not be made.`,
      why: "The process lacks the right, or a file is in the way.",
      fix: "Give the ledger a path that the process can write to.",
      cause,
    });
  }
}
