import { linkSync, lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isRegularThere } from "../../files/regular-file.ts";
import type { Segment } from "./lane-files.ts";

/** A damaged segment that is kept beyond the end of its lane, for people to look at. */
export interface DamagedFile {
  readonly path: string;
  readonly bytes: number;
}

const folderOf = (journal: string): string => join(journal, "damaged");

/** The damaged segments that are kept, in the order of their names. */
export function damagedFiles(journal: string): DamagedFile[] {
  const folder = folderOf(journal);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() === true ? [{ path, bytes: stat.size }] : [];
    });
}

/**
 * Keeps a damaged segment, where there is room.
 *
 * @param maxBytes the most that all of them may take
 * @returns where it is; `undefined` where it is not kept
 */
export function keepDamaged(
  journal: string,
  { path, size }: Segment,
  maxBytes: number,
): string | undefined {
  const copy = join(folderOf(journal), `${basename(dirname(path))}-${basename(path)}`);
  try {
    // Of a link, or a FIFO, there is nothing to be kept.
    if (!isRegularThere(path)) return undefined;
    const kept = damagedFiles(journal);
    // Another place of the same segment was damaged too.
    if (kept.some((file) => file.path === copy)) return copy;
    if (kept.reduce((sum, { bytes }) => sum + bytes, size) > maxBytes) return undefined;
    // A link in the folder's place may lead to somebody else's.
    if (lstatSync(folderOf(journal), { throwIfNoEntry: false })?.isDirectory() !== true)
      mkdirSync(folderOf(journal), { mode: 0o700 });
    linkSync(path, copy);
    return copy;
  } catch {
    // It is told that it is not kept.
    return undefined;
  }
}
