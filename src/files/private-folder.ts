import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { syncFolder } from "./private-file.ts";

/**
 * Makes a folder where it is not there: private, and with a `.gitignore` of `*`, since a trail and
 * its tokens do not belong in a repository. A folder of the app's own is left as it is.
 */
export function ensurePrivateFolder(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  writeFileSync(join(path, ".gitignore"), "*\n", { mode: 0o600 });
  // Each name that was made stands in the folder above it.
  const { length } = resolve(made);
  for (let name = resolve(path); name.length >= length; name = dirname(name)) {
    syncFolder(dirname(name));
  }
}
