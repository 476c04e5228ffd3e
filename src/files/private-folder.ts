import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { syncFolder } from "./private-file.ts";

/** The folder that is authlog's own by its name, whoever made it. */
const ownName = ".authlog";

/**
 * Makes a folder where it is not there: private, and hidden from git with all that is made around it,
 * since a trail and its tokens do not belong in a repository. A folder of the app's own is left as it
 * is; one named `.authlog` is hidden wherever it is found without.
 */
export function ensurePrivateFolder(path: string): void {
  const folder = resolve(path);
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  const top = outermost(made === undefined ? undefined : resolve(made), ownFolderOf(folder));
  if (top !== undefined) hideFromGit(top);
  if (made === undefined) return;
  // Each name that was made stands in the folder above it.
  const { length } = resolve(made);
  for (let name = folder; name.length >= length; name = dirname(name)) syncFolder(dirname(name));
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
