import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** All that can be seen of a folder: names, kinds, modes, owners, times and contents. */
export function treeOf(path: string): object {
  const stat = lstatSync(path);
  const seen = { mode: stat.mode.toString(8), uid: stat.uid, changedAt: stat.ctimeMs };
  if (stat.isSymbolicLink()) return { ...seen, target: readlinkSync(path) };
  if (stat.isFile()) return { ...seen, content: readFileSync(path, "latin1") };
  if (!stat.isDirectory()) return seen;
  const names = readdirSync(path).toSorted();
  return {
    ...seen,
    modifiedAt: stat.mtimeMs,
    entries: Object.fromEntries(names.map((name) => [name, treeOf(join(path, name))])),
  };
}
