import { appendFileSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type KernelLock, tryLockExisting } from "../../files/kernel-lock.ts";
import { systemReason } from "../../files/system-reason.ts";
import {
  confirmedFile,
  confirmedLines,
  listSegments,
  lockFile,
  readConfirmed,
  type Segment,
  unfinished,
  unfinishedFiles,
} from "./lane-files.ts";
import { newPrefix } from "./lane-list.ts";
import { clearLane, lockForsaken, lockNew } from "./lane-lock.ts";
import type { NumberSet, Range } from "./number-set.ts";

const lineBreak = Buffer.from("\n");

/**
 * The part of a journal that one process has written: a folder of segments, what of them is
 * confirmed, and a lock. Whoever holds the lock may deliver from it; a dead process holds none.
 */
export class Lane {
  readonly id: string;
  readonly folder: string;
  /** In order. The last one may still be written to. */
  readonly segments: Segment[];
  readonly confirmed: NumberSet;
  readonly #lock: KernelLock;
  /** Whether the disk did not take something of what is confirmed. */
  #unwritten = false;
  #given = false;

  private constructor(folder: string, lock: KernelLock) {
    this.folder = folder;
    this.id = basename(folder);
    this.#lock = lock;
    this.segments = listSegments(folder);
    this.confirmed = readConfirmed(confirmedFile(folder));
  }

  /**
   * Makes a lane of this process's own in the journal's folder; `undefined` where another process took
   * the half-made one for a dead one's, and cleared it away.
   */
  static create(journal: string, id: string): Lane | undefined {
    const temporary = join(journal, `${newPrefix}${id}`);
    const folder = join(journal, id);
    mkdirSync(temporary, { mode: 0o700 });
    let lock: KernelLock | undefined;
    try {
      lock = lockNew(temporary);
      // A lock on a file that has no name any more keeps nobody out, and lets nobody in after us.
      if (lock === undefined || isMissing(lockFile(temporary))) throw new ClearedAway();
      renameSync(temporary, folder);
      return new Lane(folder, lock);
    } catch (error) {
      lock?.release();
      if (error instanceof ClearedAway || systemReason(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Takes over a lane whose process is dead; `undefined` where one lives, or it is gone. */
  static adopt(journal: string, id: string): Lane | undefined {
    const folder = join(journal, id);
    const lock = tryLockExisting(lockFile(folder)) ?? lockForsaken(folder);
    if (lock === undefined) return undefined;
    try {
      return new Lane(folder, lock);
    } catch (error) {
      lock.release();
      if (systemReason(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** In bytes. */
  get size(): number {
    return this.segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** The numbers of a segment, as far as the next one tells them. */
  rangeOf(segment: Segment): Range {
    const next = this.segments[this.segments.indexOf(segment) + 1];
    return [segment.first, next === undefined ? Infinity : next.first - 1];
  }

  /**
   * Notes that entries need not be delivered any more. It is not synced: what a power cut takes of
   * it is delivered again, and known again by its uid.
   */
  confirm(ranges: readonly Range[]): void {
    // Somebody else may have it.
    if (this.#given) return;
    for (const range of ranges) this.confirmed.add(range);
    this.#write(ranges);
    this.#dropConfirmedSegments();
  }

  /** Lets go of one segment, whatever is in it: its numbers count as confirmed from now on. */
  drop(segment: Segment, range: Range): void {
    this.confirm([range]);
    if (!this.segments.includes(segment)) return;
    rmSync(segment.path, { force: true });
    this.segments.splice(this.segments.indexOf(segment), 1);
  }

  /**
   * Lets go of all segments, also of the last one: all of them have to be confirmed, and the writer
   * closed.
   */
  dropSegments(): void {
    this.#compact();
    this.#removeSegments();
  }

  /** Lets go of the lane: others may take it. */
  release(): void {
    if (this.#given) return;
    this.#given = true;
    try {
      if (this.#unwritten) this.#compact();
    } catch {
      // It was reported when it was to be confirmed. The next process delivers it again.
    }
    this.#lock.release();
  }

  /** Whether this process has let go of it. */
  get given(): boolean {
    return this.#given;
  }

  /** Whether what was written to last is still there, under its name. */
  get isThere(): boolean {
    const last = this.segments.at(-1);
    return !isMissing(lockFile(this.folder)) && (last === undefined || !isMissing(last.path));
  }

  /** Clears the lane away: everything in it is confirmed. */
  remove(): void {
    this.#given = true;
    try {
      this.#removeSegments();
      const files = [confirmedFile(this.folder), ...unfinishedFiles(this.folder)];
      for (const path of files) rmSync(path, { force: true });
    } catch (error) {
      // Whoever takes it over tries again.
      this.#lock.release();
      throw error;
    }
    clearLane(this.folder, this.#lock);
  }

  /** What the disk did not take before is written along. */
  #write(ranges: readonly Range[]): void {
    if (this.#unwritten) return this.#compact();
    // A break first: what a process left that died within a line is not a part of the next one.
    const bytes = Buffer.concat([lineBreak, confirmedLines(ranges)]);
    this.#unwritten = true;
    appendFileSync(confirmedFile(this.folder), bytes, { mode: 0o600 });
    this.#unwritten = false;
  }

  /** In order only: where a file is missing between others, it was taken away. */
  #dropConfirmedSegments(): void {
    const { segments, confirmed } = this;
    const owing = segments.findIndex((segment) => {
      const range = this.rangeOf(segment);
      return range[1] === Infinity || !confirmed.covers(range);
    });
    if (owing <= 0) return;
    this.#compact();
    for (const { path } of segments.splice(0, owing)) rmSync(path, { force: true });
  }

  /**
   * Before segments go, what is confirmed is synced: without it, what is missing in front would look
   * like a loss after a power cut.
   */
  #compact(): void {
    const file = confirmedFile(this.folder);
    writeFileSync(unfinished(file), confirmedLines(this.confirmed.ranges), {
      mode: 0o600,
      flush: true,
    });
    renameSync(unfinished(file), file);
    this.#unwritten = false;
  }

  /** The last one first: should the process die over it, nothing is missing in front of what is left. */
  #removeSegments(): void {
    for (const { path } of this.segments.splice(0).toReversed()) rmSync(path, { force: true });
  }
}

/** What cannot be looked at for a moment, for want of a right or of a descriptor, is there. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

class ClearedAway extends Error {}
