import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { tryLockExisting } from "../../files/kernel-lock.ts";
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

const laneName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A lane gets its name when its lock is held: until then it is nobody's, and nobody takes it. */
export const newPrefix = ".new-";

const isOfLane = (name: string): boolean => name.startsWith(newPrefix) || laneName.test(name);

/** The lanes in a journal's folder. What a process that died left half made is cleared away. */
export function laneIds(journal: string): string[] {
  const names = readdirSync(journal);
  for (const name of names.filter((other) => other.startsWith(newPrefix))) {
    const folder = join(journal, name);
    const lock = tryLockExisting(lockFile(folder));
    if (lock !== undefined) clearLane(folder, lock);
  }
  // A process died before it made the lock, or when it had just taken it away.
  const isLocked = (name: string): boolean => existsSync(lockFile(join(journal, name)));
  for (const name of names.filter((other) => isOfLane(other) && !isLocked(other))) {
    removeEmpty(join(journal, name));
  }
  return names.filter((name) => laneName.test(name));
}

/** The same, without clearing anything away: for those who only look. */
export function laneNames(journal: string): string[] {
  return readdirSync(journal).filter((name) => laneName.test(name));
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
