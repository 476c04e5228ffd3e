import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { syncFolder } from "./private-file.ts";
import { systemReason } from "./system-reason.ts";

/** The folder that is authlog's own by its name, whoever made it. */
const ownName = ".authlog";

/**
 * Makes a folder where it is not there: private, and hidden from git with all that is made around it,
 * since a trail and its tokens do not belong in a repository. A folder of the app's own is left as it
 * is; one named `.authlog` is hidden wherever it is found without.
 */
export function ensurePrivateFolder(path: string): void {
  const folder = resolve(path);
  const made = makeFolders(folder);
  const top = outermost(made, ownFolderOf(folder));
  if (top !== undefined) hideFromGit(top);
  if (made === undefined) return;
  // Each name that was made stands in the folder above it.
  const { length } = made;
  for (let name = folder; name.length >= length; name = dirname(name)) syncFolder(dirname(name));
}

/**
 * Makes a folder, and those that it lies in. Node's own `recursive` tries for ever where the kernel
 * says that a folder is not there and takes none, as in `/proc`.
 *
 * @returns the outermost that was made
 */
function makeFolders(folder: string): string | undefined {
  try {
    return makeOne(folder);
  } catch (error) {
    if (systemReason(error) !== "ENOENT" || dirname(folder) === folder) throw error;
  }
  const above = makeFolders(dirname(folder));
  const made = makeOne(folder);
  return above ?? made;
}

function makeOne(folder: string): string | undefined {
  const isThere = (): boolean =>
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere()) return undefined;
  try {
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  } catch (error) {
    // Another process made it meanwhile.
    if (isThere()) return undefined;
    throw error;
  }
}

/** Of two folders of which one lies in the other. */
function outermost(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.length <= b.length ? a : b;
}

function ownFolderOf(folder: string): string | undefined {
  const parent = dirname(folder);
  if (basename(folder) === ownName) return folder;
  return parent === folder ? undefined : ownFolderOf(parent);
}

function hideFromGit(folder: string): void {
  try {
    writeFileSync(join(folder, ".gitignore"), "*\n", { mode: 0o600, flag: "wx" });
  } catch {
    // It is there; or the folder takes no file, which whoever has to write there says.
  }
}
