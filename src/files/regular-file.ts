import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from "node:fs";

// On Windows the last two are undefined, and add nothing; of what is no file there, fstat tells.
const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

/** To append to a file, and make it where it is not there. A link is not followed. */
// oxlint-disable-next-line no-bitwise -- open(2) takes its flags so
export const appendFlags: number = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;

/**
 * Opens a file to be read. A link is not followed, and nothing is waited for: whoever opens a FIFO
 * waits until somebody writes to it.
 *
 * @throws the system's error; `EFTYPE` where something else than a file has the name
 */
export function openRegular(path: string): number {
  // oxlint-disable-next-line no-bitwise -- open(2) takes its flags so
  const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw noFile();
}

/**
 * Whether a file has the name; nothing is opened.
 *
 * @throws `EFTYPE` where something else has it
 */
export function isRegularThere(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === false) throw noFile();
  return stat !== undefined;
}

/** Whether it is this user's: where the system knows no users, all is. */
export function isOwn({ uid }: Pick<Stats, "uid">): boolean {
  return process.geteuid === undefined || uid === process.geteuid();
}

/** What has a name, in a word; nothing where it is a file. */
export function otherKind(stat: Stats): string | undefined {
  if (stat.isFile()) return undefined;
  if (stat.isDirectory()) return "a folder";
  if (stat.isSymbolicLink()) return "a link";
  if (stat.isFIFO()) return "a FIFO";
  return stat.isSocket() ? "a socket" : "a device";
}

/** Something else has a file's name. The code is that of BSD; Linux has none for it. */
export function noFile(): Error {
  return Object.assign(new Error("Something else is there."), { code: "EFTYPE" });
}
