import {
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { syncFolder, writeNewFile } from "./private-file.ts";
import { systemReason } from "./system-reason.ts";

/** The folder that is authlog's own by its name, whoever made it. */
const ownName = ".authlog";

/**
 * Makes a folder where it is not there: private, and hidden from git with all that is made around it,
 * since a trail and its tokens do not belong in a repository. A folder of the app's own is left as it
 * is; one named `.authlog` is hidden wherever it is found without. Where it cannot be made, nothing is
 * left of it.
 *
 * @returns takes back what was made, unless something was put there meanwhile
 * @throws the system's error
 */
export function ensurePrivateFolder(path: string): () => void {
  const folder = resolve(path);
  const made: string[] = [];
  try {
    makeFolders(folder, made);
  } catch (error) {
    removeFolders(made);
    throw error;
  }
  const top = outermost(made[0], ownFolderOf(folder));
  const hidden = top === undefined ? undefined : hideFromGit(top);
  // Each name that was made stands in the folder above it.
  for (const name of made) syncFolder(dirname(name));
  return () => removeFolders(made, hidden);
}

/**
 * Makes a folder, and those that it lies in. Node's own `recursive` tries for ever where the kernel
 * says that a folder is not there and takes none, as in `/proc`.
 *
 * @param made gets what was made, outermost first
 */
function makeFolders(folder: string, made: string[]): void {
  try {
    makeOne(folder, made);
  } catch (error) {
    if (systemReason(error) !== "ENOENT" || dirname(folder) === folder) throw error;
    makeFolders(dirname(folder), made);
    makeOne(folder, made);
  }
}

function makeOne(folder: string, made: string[]): void {
  const isThere = (): boolean =>
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere()) return;
  try {
    mkdirSync(folder, { mode: 0o700 });
    made.push(folder);
  } catch (error) {
    // Another process made it meanwhile.
    if (!isThere()) throw error;
  }
}

/** Of two folders of which one lies in the other. */
function outermost(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.length <= b.length ? a : b;
}

/** A link of that name leads to a folder that may be somebody else's. */
function ownFolderOf(folder: string): string | undefined {
  const parent = dirname(folder);
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (basename(folder) === ownName && stat?.isDirectory() === true) return folder;
  return parent === folder ? undefined : ownFolderOf(parent);
}

/** @returns the file that hides it, where it was made now */
function hideFromGit(folder: string): string | undefined {
  const file = join(folder, ".gitignore");
  try {
    writeNewFile(file, "*\n");
    return file;
  } catch {
    // It is there; or the folder takes no file, which is reported by what has to write there.
    return undefined;
  }
}

/** Innermost first, up to the one in which something else was put meanwhile: that one stays hidden. */
function removeFolders(made: readonly string[], hidden?: string): void {
  try {
    for (const folder of made.toReversed()) {
      const isHidden = hidden !== undefined && dirname(hidden) === folder;
      if (isHidden && readdirSync(folder).length === 1) unlinkSync(hidden);
      rmdirSync(folder);
    }
    if (hidden !== undefined) rmSync(hidden, { force: true });
  } catch {
    // Others use it.
  }
}
