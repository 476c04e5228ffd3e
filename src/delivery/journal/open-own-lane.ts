import { uuidv7 } from "uuidv7";
import { ensurePrivateFolder } from "../../files/private-folder.ts";
import { report } from "../../telemetry/diagnostics.ts";
import { onNetwork, syncFailed } from "./journal-errors.ts";
import type { JournalOptions, JournalTuning } from "./journal-options.ts";
import { Lane } from "./lane.ts";
import type { WriterFiles } from "./lane-writer.ts";
import type { ReaderFiles } from "./line-reader.ts";
import { networkFileSystemOf } from "./network-file-system.ts";
import { OwnLane } from "./own-lane.ts";

/** Room is had again segment by segment: a small journal needs small ones. */
const segmentsAtLeast = 16;

/** Far more than were ever needed. */
const mostAttempts = 20;

/** How a lane is to be written. */
interface Writing {
  tuning: JournalTuning;
  durable: boolean;
  files: WriterFiles | undefined;
  readerFiles: ReaderFiles | undefined;
}

/**
 * Opens a lane of this process's own, and makes the journal's folder where it is not there.
 *
 * @throws `ERR_AUTHLOG_JOURNAL_NETWORK` where the folder is not on a disk of this machine
 * @throws the system's error
 */
export function openOwnLane(
  { dir, maxBytes }: Required<JournalOptions>,
  { tuning, durable, files, readerFiles }: Writing,
): OwnLane {
  const unmake = ensurePrivateFolder(dir);
  const network = networkFileSystemOf(dir);
  if (network !== undefined) {
    unmake();
    throw onNetwork(dir, network);
  }
  const options = {
    segmentBytes: Math.min(tuning.segmentBytes, maxBytes / segmentsAtLeast),
    durable,
    unsyncedBytes: tuning.unsyncedBytes,
    journal: dir,
    onSyncFailed: (cause: unknown) => report(syncFailed(cause)),
    ...(files && { files }),
  };
  return new OwnLane(makeLane(dir, files), options, readerFiles);
}

/** Others that start at the same time may take a half-made one for a dead process's: then another is made. */
function makeLane(journal: string, files: WriterFiles | undefined): Lane {
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    const lane = Lane.create(journal, uuidv7(), files);
    if (lane !== undefined) return lane;
  }
  throw new Error("Other processes cleared away each lane while it was made.");
}
