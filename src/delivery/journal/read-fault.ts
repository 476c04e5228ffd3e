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

const lacking: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"]);

/** Whether an error tells of what the process lacks, whatever it reads: with more open, it lacks more. */
export function isLack(error: unknown): boolean {
  return lacking.has(systemReason(error) ?? "");
}

/** So often a disk is asked for a place that it does not give back, before that is passed over. */
const mostTries = 5;

/** Never fewer: what fails for a moment is there at the next try. */
const leastTries = 2;

/** How often the disk did not give back parts of a file. */
export class FailedTries {
  /** The one that is tried, in bytes from the start of the file. */
  #place: number | undefined;
  /** Of that one. */
  #count = 0;
  /** Places passed over since one was given back that had failed. */
  #passed = 0;
  /** Of them, those since anything was read. */
  #inRow = 0;

  /** Called when something of the file was read. */
  end(): void {
    if (this.#count > 0) this.#passed = 0;
    this.#count = 0;
    this.#inRow = 0;
  }

  /** How many blocks to pass over at a place that failed; 0 where it is to be tried again. */
  next(place: number): number {
    if (place !== this.#place) this.#count = 0;
    this.#place = place;
    this.#count += 1;
    // Of a file that is bad in many places each is tried less, and of one that is bad to its end ever
    // more is passed over: each try may take seconds.
    if (this.#count < Math.max(leastTries, mostTries - this.#passed)) return 0;
    const blocks = 2 ** this.#inRow;
    this.#count = 0;
    this.#passed += 1;
    this.#inRow += 1;
    return blocks;
  }
}
