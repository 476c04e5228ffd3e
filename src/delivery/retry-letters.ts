import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import { AuthlogError } from "../errors.ts";
import { type KernelLock, tryLock } from "../files/kernel-lock.ts";
import { otherKind } from "../files/regular-file.ts";
import { withDoubt } from "./letter-lines.ts";
import { LettersAside } from "./letters-aside.ts";
import { lockPath } from "./own-letters.ts";
import { type LettersRetried, RetryRun, type RetryRunOptions } from "./retry-run.ts";

export type { LettersRetried } from "./retry-run.ts";

/** How dead letters are sent again. */
export interface RetryLettersOptions extends RetryRunOptions {
  /** The file of dead letters. */
  path: string;
}

/**
 * Sends dead letters again. The file gets another name first, so that whoever rejects more meanwhile
 * begins a new one; what stays is appended to that. How far it came is kept beside it: a retry that
 * is killed loses nothing, and the next one goes on there. Two do not run beside each other.
 *
 * @throws AuthlogError `ERR_AUTHLOG_RETRY_RUNNING`, `ERR_AUTHLOG_USAGE` where the path is no file;
 *   `ERR_AUTHLOG_DEAD_LETTER_FAILED` where it is another program's or user's file; the system's error
 *   where the folder cannot be written
 */
export async function retryLetters(options: RetryLettersOptions): Promise<LettersRetried> {
  const path = resolve(options.path);
  const aside = new LettersAside(path);
  const nothing = { delivered: 0, rejected: 0, waiting: 0, unreadable: 0 };
  if (!isThere(path) && !aside.isThere) return nothing;
  aside.assertOwn();
  const lock = lockOf(path);
  try {
    // Of a retry that was killed. They are marked in the file: this one, too, can end before it has
    // asked for any of them.
    if (aside.isThere) aside.putBack(withDoubt);
    return aside.begin() ? await new RetryRun(aside, options).end() : nothing;
  } finally {
    lock.release();
  }
}

function isThere(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const kind = stat && otherKind(stat);
  if (kind === undefined) return stat !== undefined;
  throw new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: "What is to be sent again is no file.",
    why: `${path} is ${kind}.`,
    fix: "Give the path of the file of dead letters, by --path or AUTHLOG_DEAD_LETTER_PATH.",
  });
}

function lockOf(path: string): KernelLock {
  const lock = tryLock(lockPath(path));
  if (lock !== undefined) return lock;
  throw new AuthlogError("ERR_AUTHLOG_RETRY_RUNNING", {
    message: "These dead letters are being sent again already.",
    why: `Another process does so with ${path}.`,
    fix: "Wait until it has ended.",
  });
}
