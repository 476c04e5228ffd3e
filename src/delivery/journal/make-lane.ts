import { uuidv7 } from "uuidv7";
import { ensurePrivateFolder } from "../../files/private-folder.ts";
import { onNetwork } from "./journal-errors.ts";
import { Lane } from "./lane.ts";
import { networkFileSystemOf } from "./network-file-system.ts";

/** Far more than were ever needed. */
const mostAttempts = 20;

/**
 * Makes a lane of this process's own, and the journal's folder where it is not there. Others that
 * start at the same time may take a half-made one for a dead process's: then another is made.
 *
 * @throws `ERR_AUTHLOG_JOURNAL_NETWORK` where the folder is not on a disk of this machine
 * @throws the system's error
 */
export function makeLane(journal: string): Lane {
  ensurePrivateFolder(journal);
  const network = networkFileSystemOf(journal);
  if (network !== undefined) throw onNetwork(journal, network);
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    const lane = Lane.create(journal, uuidv7());
    if (lane !== undefined) return lane;
  }
  throw new Error("Other processes cleared away each lane while it was made.");
}
