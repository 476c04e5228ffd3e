import { systemReason } from "../../files/system-reason.ts";

/** What a system error says of what was to be read. */
export type ReadFault =
  /** It is not there, or is no file: nothing of it will ever be read. */
  | "gone"
  /** The disk does not give it back. A bad cable or a controller that starts anew says the same. */
  | "unreadable"
  /** It says nothing of the file: the process lacks descriptors, memory or rights. */
  | "passing";

const gone: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "EFTYPE",
  // A link, which is not followed; a socket; a device without a driver.
  "ELOOP",
  "ENXIO",
  "ENODEV",
]);

// Beside that of the block layer, those of a file system that finds itself damaged.
const unreadable: ReadonlySet<string> = new Set(["EIO", "EUCLEAN", "EBADMSG", "EILSEQ", "ENODATA"]);

/**
 * What an error says. One that is not known is a passing one: nothing is given up by mistake.
 *
 * @throws the error, where it is not the system's
 */
export function readFaultOf(error: unknown): ReadFault {
  const reason = systemReason(error);
  if (reason === undefined) throw error;
  if (gone.has(reason)) return "gone";
  return unreadable.has(reason) ? "unreadable" : "passing";
}

/** So often a disk is asked for what it does not give back, before that is passed over. */
const mostTries = 5;

/** How often the disk did not give back a part of a file. */
export class FailedTries {
  #count = 0;
  #inRow = 0;

  /** Called when something of the file was read. */
  end(): void {
    this.#inRow = 0;
  }

  /** How many blocks to pass over now; 0 where what failed is to be tried again. */
  next(): number {
    this.#count += 1;
    if (this.#count < mostTries) return 0;
    // Of a file that is bad to its end, ever more is passed over: each try may take seconds.
    const blocks = 2 ** this.#inRow;
    this.#inRow += 1;
    return blocks;
  }
}
