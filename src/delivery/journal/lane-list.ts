import { existsSync, lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { tryLockExisting } from "../../files/kernel-lock.ts";
import { isShared } from "../../files/private-file.ts";
import { isOwn } from "../../files/regular-file.ts";
import { systemReason } from "../../files/system-reason.ts";
import {
  confirmedFile,
  listSegments,
  lockFile,
  readConfirmed,
  type Segment,
} from "./lane-files.ts";
import { clearLane, removeEmpty } from "./lane-lock.ts";
import type { NumberSet } from "./number-set.ts";

/** A UUIDv7. Folders that an app names so may lie beside a lane: what is in one says whose it is. */
const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const laneName = new RegExp(`^${uuid}$`);

/** A lane gets its name when its lock is held: until then it is nobody's, and nobody takes it. */
export const newPrefix = ".new-";
const newName = new RegExp(`^\\${newPrefix}${uuid}$`);

/** Told of a folder in a journal's that cannot be looked at, or taken. The others are. */
type OnFailed = (folder: string, error: unknown) => void;

/** The lanes in a journal's folder, oldest first. What a process that died left half made is cleared away. */
export function laneIds(journal: string, onFailed: OnFailed): string[] {
  const names = folderNames(journal);
  for (const name of names) {
    const folder = join(journal, name);
    try {
      if (!isOursAlone(folder)) continue;
      if (newName.test(name)) clearHalfMade(folder);
      else if (laneName.test(name)) clearForsaken(folder);
    } catch (error) {
      onFailed(folder, error);
    }
  }
  return names.filter((name) => laneName.test(name));
}

/** The same, without clearing anything away: for those who only look. */
export function laneNames(journal: string): string[] {
  return folderNames(journal).filter((name) => laneName.test(name));
}

/** A link is no folder, wherever it leads. Their names begin with the time at which they were made. */
function folderNames(journal: string): string[] {
  return readdirSync(journal, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

/** Lanes are made private. The folders of others are theirs, also where this process might remove them. */
function isOursAlone(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat !== undefined && isOwn(stat) && !isShared(stat);
}

function clearHalfMade(folder: string): void {
  const lock = tryLockExisting(lockFile(folder));
  if (lock !== undefined) clearLane(folder, lock);
  clearForsaken(folder);
}

/** A process died before it made the lock, or when it had just taken it away. */
function clearForsaken(folder: string): void {
  if (!existsSync(lockFile(folder))) removeEmpty(folder);
}

/** What is known of a lane without taking it. */
export interface LaneView {
  id: string;
  folder: string;
  segments: readonly Segment[];
  confirmed: NumberSet;
  /** When something of it was last confirmed, in milliseconds since 1970. */
  confirmedAtMillis: number | undefined;
}

/** Looks at a lane, whoever has it; `undefined` if it goes away meanwhile. */
export function viewLane(journal: string, id: string): LaneView | undefined {
  const folder = join(journal, id);
  try {
    const file = confirmedFile(folder);
    const stat = statSync(file, { throwIfNoEntry: false });
    const confirmedAtMillis = stat && Math.trunc(stat.mtimeMs);
    const segments = listSegments(folder);
    return { id, folder, segments, confirmed: readConfirmed(file), confirmedAtMillis };
  } catch (error) {
    if (systemReason(error) === "ENOENT") return undefined;
    throw error;
  }
}
