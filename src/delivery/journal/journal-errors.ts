import { AuthlogError, errorKind } from "../../errors.ts";
import { causeText, systemReason } from "../../files/system-reason.ts";
import { plural } from "../plural.ts";
import type { Damage } from "./lane-reader.ts";

/** Nothing can be written: what happens from now on waits in memory. */
export function unwritable(dir: string, cause: unknown): AuthlogError {
  return unwritableBy(
    whyUnwritable(dir, cause),
    "Give the process a folder that it may write to by AUTHLOG_JOURNAL_DIR, and room on its disk; where there is none, AUTHLOG_DURABILITY=memory says that this is meant.",
    cause,
  );
}

/** What was delivered cannot be noted. Nothing waits in memory for that, but room is not had again. */
export function unnoted(dir: string, cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_UNWRITABLE", {
    message:
      "The journal cannot note what was delivered: it keeps its room, and a restart delivers it again.",
    why: whyUnwritable(dir, cause),
    fix: "Look at the disk, and at the right to write to the folder. It is tried again by itself; the ledger knows by its uid what it has.",
    cause,
  });
}

/** The disk stores nothing of what it was given. */
export function diskHangs(bytes: number): AuthlogError {
  return unwritableBy(
    `More than ${bytes} bytes wait for a sync that does not end.`,
    "Look at the disk.",
  );
}

function whyUnwritable(dir: string, cause: unknown): string {
  const reason = systemReason(cause);
  return reason === undefined
    ? `${causeText(cause)} The journal's folder is ${dir}.`
    : `The system says ${reason}; the journal's folder is ${dir}.`;
}

function unwritableBy(why: string, fix: string, cause?: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_UNWRITABLE", {
    message: "The journal cannot be written: audit events wait in memory only, until it can.",
    why,
    fix,
    cause,
  });
}

/** A file system whose locks and syncs cannot be relied on. */
export function onNetwork(dir: string, type: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_NETWORK", {
    message:
      "The journal is on a network file system, and not used: audit events wait in memory only.",
    why: `${dir} lies on ${type}, whose locks and syncs may not be the kernel's.`,
    fix: "Set AUTHLOG_JOURNAL_DIR to a folder on a disk of this machine.",
  });
}

/** The disk did not take what it was given. */
export function syncFailed(cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_SYNC_FAILED", {
    message:
      "The disk failed to store a part of the journal; it was written anew, to another file.",
    why: `The system says ${systemReason(cause) ?? errorKind(cause)}. A sync that failed is not repeated on the same file: the kernel may have dropped what it could not write.`,
    fix: "Look at the disk.",
    cause,
  });
}

/** The process ends before the disk has stored what somebody waits for. */
export function endedUnsynced(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_SLOW", {
    message: "The process ended before an audit event was known to be on the disk.",
    why: "The disk had not stored it by the end of the shutdown.",
    fix: "Look at the disk. The event is with the kernel, which goes on writing it.",
  });
}

/** There is no room left within the bound. */
export function journalFull(maxBytes: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_FULL", {
    message: "Audit events were dropped: the journal is full.",
    why: `${maxBytes} bytes wait for a receiver that does not keep up, or does not answer.`,
    fix: "Look at the receiver; or raise AUTHLOG_JOURNAL_MAX_BYTES.",
  });
}

/** Entries that cannot be read now. Nothing of them is given up. */
export function unread(path: string, cause: unknown): AuthlogError {
  return unreadBy(
    `The system says ${systemReason(cause) ?? errorKind(cause)} of ${path}.`,
    "Look at what the process may open (ulimit -n), at its right to what is there, and at the disk; at EFTYPE, take away what is no file of the journal's.",
    cause,
  );
}

/** A lane that another user has made: a process of that user's delivers it. */
export function foreign(folder: string): AuthlogError {
  return unreadBy(
    `${folder} belongs to another user than the journal of this process.`,
    "Start a process of that user's, or give the folder and all that is in it to the user of this one (chown -R).",
  );
}

function unreadBy(why: string, fix: string, cause?: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_UNREAD", {
    message:
      "A part of the journal cannot be read now: it is tried again, and nothing is given up.",
    why,
    fix,
    cause,
  });
}

/**
 * Entries that cannot be read; or a damage that took none.
 *
 * @param kept where the file is kept, if it is
 */
export function damaged(
  count: number,
  { kind, segment, offset }: Damage,
  kept: string | undefined,
): AuthlogError {
  const path = kept ?? segment.path;
  return damagedBy(
    count,
    kind === "missing"
      ? `Lines are missing in ${path} before byte ${offset}, or in a file before it that is gone.`
      : `${path} is damaged from byte ${offset} on.`,
    kept === undefined
      ? "The file could not be kept: look at what is in the folder `damaged` beside it already, and take that away."
      : "The file is kept for you to look at.",
  );
}

/** Entries whose files are gone. */
export function linesMissing(count: number, folder: string): AuthlogError {
  return damagedBy(
    count,
    `Lines are missing in ${folder}.`,
    "The events before and after are there.",
  );
}

function damagedBy(count: number, why: string, rest: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_DAMAGED", {
    message:
      count === 0
        ? "A file of the journal is damaged; no audit event is lost by it."
        : `${plural(count, "audit event")} of the journal cannot be read or delivered.`,
    why,
    fix: `Look at the disk, and at who can write to the folder. ${rest}`,
  });
}

/** The last line of a process that died while it wrote. */
export function torn({ segment, offset }: Damage): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_JOURNAL_TORN", {
    message: "The end of a journal is torn: what was being written there is not delivered.",
    why: `A process died, or the power went, while ${segment.path} was written, at byte ${offset}.`,
    fix: "Nothing, where a process died: an event that had been accepted is not touched by it. Where the power goes, AUTHLOG_DURABILITY=disk keeps what was accepted.",
  });
}

/** The journal's files were removed while they were written to. */
export function gone(): Error {
  return Object.assign(new Error("The files are gone."), { code: "ENOENT" });
}
