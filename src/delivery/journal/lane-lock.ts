import { existsSync, rmSync, rmdirSync, statSync } from "node:fs";
import { type KernelLock, tryLock } from "../../files/kernel-lock.ts";
import { systemReason } from "../../files/system-reason.ts";
import { isMissing } from "./is-missing.ts";
import { listSegments, lockFile } from "./lane-files.ts";

/** Where there is no room for a lock, nothing of the lane is left: it is tried again and again. */
export function lockNew(folder: string): KernelLock | undefined {
  try {
    return tryLock(lockFile(folder));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Longer than a living process takes to see that its lock's file is gone, and to let go of the lane. */
const forsakenMillis = 60_000;

/**
 * The lock of a lane whose lock's file is gone: by a power cut, or somebody's hand. One without
 * segments owes nothing: what is in its folder is none of ours.
 */
export function lockForsaken(folder: string): KernelLock | undefined {
  try {
    const { mtimeMs } = statSync(folder);
    // A time in the future tells of a clock that was set back.
    const sinceMillis = Math.abs(Date.now() - mtimeMs);
    if (existsSync(lockFile(folder)) || sinceMillis < forsakenMillis) return undefined;
    if (listSegments(folder).length === 0) return undefined;
    return tryLock(lockFile(folder));
  } catch (error) {
    if (systemReason(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Sees whether the lock's file of a lane that this process took over is still there. */
export class LockWatch {
  readonly #folder: string;
  /** When it was seen last. */
  #atMillis: number = Date.now();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether the lane is another process's, or will be: {@link lockForsaken}. */
  isForsaken(): boolean {
    if (!isMissing(lockFile(this.#folder))) {
      this.#atMillis = Date.now();
      return false;
    }
    // Where all of it is gone so soon, nobody else can have had it: what is lost is to be told.
    const sinceMillis = Math.abs(Date.now() - this.#atMillis);
    return !isMissing(this.#folder) || sinceMillis >= forsakenMillis;
  }
}

/** Removes a lane whose files are gone. The lock goes first, while it is held: whoever opened it before finds an empty folder, or none. */
export function clearLane(folder: string, lock: KernelLock): void {
  try {
    rmSync(lockFile(folder), { force: true });
  } finally {
    lock.release();
  }
  removeEmpty(folder);
}

/** Removes the folder of a lane, if there is nothing in it. */
export function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const code = systemReason(error);
    if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
  }
}
