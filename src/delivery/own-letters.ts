import { type Stats, lstatSync, readSync } from "node:fs";
import { AuthlogError } from "../errors.ts";
import { isShared } from "../files/private-file.ts";
import { isOwn, noFile } from "../files/regular-file.ts";

/** How each letter begins: see `toLine` of the file of dead letters. */
const beginning = '{"at":"';

/** So much of a file is searched for a letter. */
const searchedBytes = 64 * 1_024;

/** What a retry locks. It stays beside the file, and is empty. */
export const lockPath = (path: string): string => `${path}.lock`;

/**
 * Checks that an open file is one of dead letters before it is written to: a mistyped path can be that
 * of another program's. It is one if it has a letter, or the beginning of one; if it is empty and
 * private, as it is made; or if a retry left only what is no letter in it.
 *
 * @throws AuthlogError `ERR_AUTHLOG_DEAD_LETTER_FAILED`; `EFTYPE` where it is no file
 */
export function assertLetters(descriptor: number, stat: Stats, path: string): void {
  if (!stat.isFile()) throw noFile();
  if (!isOwn(stat)) throw foreign(path, "it belongs to another user");
  if (stat.size === 0) {
    if (isShared(stat)) throw foreign(path, "it is empty, and authlog did not make it");
    return;
  }
  if (hasLetter(descriptor, !isShared(stat)) || isPrivateLock(lockPath(path))) return;
  throw foreign(path, "it holds something else than dead letters");
}

/** @param isPrivate whether less than a letter will do, as a process that was killed, or a power cut, leaves it */
function hasLetter(descriptor: number, isPrivate: boolean): boolean {
  const room = Buffer.alloc(searchedBytes);
  const text = room.toString("latin1", 0, readSync(descriptor, room, 0, searchedBytes, 0));
  // What a power cut kept from the disk are zeroes.
  const cutShort = beginning.startsWith(text) || text.startsWith("\0");
  return (isPrivate && cutShort) || `\n${text}`.includes(`\n${beginning}`);
}

function isPrivateLock(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === 0 && isOwn(stat) && !isShared(stat);
}

function foreign(path: string, why: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_DEAD_LETTER_FAILED", {
    message: `${path} is no file of dead letters of this user's; it was left as it is.`,
    why,
    fix: "Set AUTHLOG_DEAD_LETTER_PATH to a path at which there is nothing yet, or to a file of dead letters.",
  });
}
