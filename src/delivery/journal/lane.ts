import fs, { mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { uuidv7 } from "uuidv7";
import { type KernelLock, tryLockExisting } from "../../files/kernel-lock.ts";
import { systemReason } from "../../files/system-reason.ts";
import { report } from "../../telemetry/diagnostics.ts";
import { ConfirmedNote, type NoteFiles } from "./confirmed-note.ts";
import { isMissing } from "./is-missing.ts";
import { endedUnsynced, unnoted } from "./journal-errors.ts";
import {
  confirmedFile,
  listSegments,
  lockFile,
  type Segment,
  unfinishedFiles,
} from "./lane-files.ts";
import { newPrefix } from "./lane-list.ts";
import { clearLane, lockForsaken, lockNew } from "./lane-lock.ts";
import { noteRemoval } from "./lane-removals.ts";
import { LeavingSegments, sizeOf } from "./leaving-segments.ts";
import type { NumberSet, Range } from "./number-set.ts";

/**
 * The part of a journal that one process has written: a folder of segments, what of them is
 * confirmed, and a lock. Whoever holds the lock may deliver from it; a dead process holds none.
 */
export class Lane {
  /** In order. The last one may still be written to. */
  readonly segments: Segment[];
  readonly #lock: KernelLock;
  readonly #note: ConfirmedNote;
  readonly #leaving: LeavingSegments;
  #given = false;

  private constructor(folder: string, lock: KernelLock, files: NoteFiles) {
    this.#lock = lock;
    this.segments = listSegments(folder);
    this.#note = new ConfirmedNote(folder, files);
    this.#leaving = new LeavingSegments(this.#note, this.segments);
  }

  /**
   * Makes a lane of this process's own in the journal's folder; `undefined` where another process took
   * the half-made one for a dead one's, and cleared it away.
   */
  static create(journal: string, id: string, files: NoteFiles = fs): Lane | undefined {
    const temporary = join(journal, `${newPrefix}${id}`);
    const folder = join(journal, id);
    mkdirSync(temporary, { mode: 0o700 });
    let lock: KernelLock | undefined;
    try {
      lock = lockNew(temporary);
      // A lock on a file that has no name any more keeps nobody out, and lets nobody in after us.
      if (lock === undefined || isMissing(lockFile(temporary))) throw new ClearedAway();
      renameSync(temporary, folder);
      const lane = new Lane(folder, lock, files);
      lane.#note.reserve();
      return lane;
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
      return new Lane(folder, lock, fs);
    } catch (error) {
      lock.release();
      if (systemReason(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  get folder(): string {
    return this.#note.folder;
  }

  get id(): string {
    return basename(this.folder);
  }

  get confirmed(): NumberSet {
    return this.#note.confirmed;
  }

  /** In bytes, without what goes as soon as the disk has noted that it may. */
  get size(): number {
    return sizeOf(this.segments) + this.#leaving.waitingBytes;
  }

  /** See {@link LeavingSegments.admit}. */
  admit(): void {
    this.#leaving.admit();
  }

  /** The numbers of a segment, as far as the next one tells them. */
  rangeOf(segment: Segment): Range {
    const next = this.segments[this.segments.indexOf(segment) + 1];
    return [segment.first, next === undefined ? Infinity : next.first - 1];
  }

  /** Notes that entries need not be delivered any more. See {@link ConfirmedNote.add}. */
  confirm(ranges: readonly Range[]): void {
    // Somebody else may have it.
    if (this.#given) return;
    try {
      this.#note.add(ranges);
    } finally {
      this.#leaveConfirmed();
    }
  }

  /** Lets go of one segment, whatever is in it: its numbers count as confirmed from now on. */
  drop(segment: Segment, range: Range): void {
    this.confirm([range]);
    const index = this.segments.indexOf(segment);
    if (index >= 0) this.segments.splice(index, 1);
    this.#leaving.drop(segment);
  }

  /**
   * Lets go of all segments, also of the last one: all of them have to be confirmed, and the writer
   * closed.
   */
  dropSegments(): void {
    this.#leaving.add(this.segments.splice(0));
  }

  /**
   * Gives its folder another name. Where a sync of the journal's folder failed, the kernel may have
   * dropped the old one; the new one is a change that the next sync has to write.
   *
   * @throws `ERR_AUTHLOG_JOURNAL_SLOW` where this process let go of it: it may be somebody else's
   */
  rename(): void {
    if (this.#given) throw endedUnsynced();
    const folder = join(dirname(this.folder), uuidv7());
    renameSync(this.folder, folder);
    this.#note.folder = folder;
    for (const segment of [...this.#leaving.segments, ...this.segments]) {
      segment.path = join(folder, basename(segment.path));
    }
  }

  /** Lets go of the lane: others may take it. */
  release(): void {
    if (this.#given) return;
    this.#given = true;
    try {
      this.#note.retry();
    } catch {
      // It was reported when it was to be confirmed. The next process delivers it again.
    }
    this.#letGo();
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

  /** Clears the lane away: everything in it is confirmed. Where the disk has to sync first, later. */
  remove(): void {
    if (this.#given) return;
    this.#given = true;
    if (this.#goesAtOnce) this.#removeNow();
    else noteRemoval(this.folder, this.#removeSoon());
  }

  /** Resolves when all that may go has gone, as far as the disk lets it go. */
  cleared(): Promise<void> {
    return this.#leaving.cleared();
  }

  /**
   * Clears the lane away at the end of the process, which waits for no disk: what cannot go without
   * that is cleared away by the next one.
   */
  finish(): void {
    if (this.#goesAtOnce) return this.remove();
    const [only, ...others] = [...this.#leaving.segments, ...this.segments];
    try {
      if (only !== undefined && others.length === 0 && only.first <= this.#note.stored + 1) {
        rmSync(only.path, { force: true });
      }
    } finally {
      this.release();
    }
  }

  /** Whether no order in which the disk takes the removals makes a hole, which would look like a loss. */
  get #goesAtOnce(): boolean {
    const all = [...this.#leaving.segments, ...this.segments];
    const isFirst = all.length === 0 || (all.length === 1 && all[0]?.first === 1);
    return isFirst && !this.#leaving.unsynced;
  }

  #removeNow(): void {
    try {
      const all = [...this.#leaving.segments, ...this.segments.splice(0)];
      const files = [confirmedFile(this.folder), ...unfinishedFiles(this.folder)];
      for (const path of [...all.map((segment) => segment.path), ...files]) {
        rmSync(path, { force: true });
      }
    } catch (error) {
      // Whoever takes it over tries again.
      this.#letGo();
      throw error;
    }
    this.#leaving.end();
    clearLane(this.folder, this.#lock);
  }

  async #removeSoon(): Promise<void> {
    try {
      this.dropSegments();
      await this.#leaving.cleared();
      // Whoever takes it over tries again.
      if (this.#goesAtOnce) this.#removeNow();
      else this.#letGo();
    } catch (error) {
      report(unnoted(dirname(this.folder), error));
    }
  }

  #letGo(): void {
    this.#leaving.end();
    this.#lock.release();
  }

  /** In order only: where a file is missing between others, it was taken away. */
  #leaveConfirmed(): void {
    const owing = this.segments.findIndex((segment) => {
      const range = this.rangeOf(segment);
      return range[1] === Infinity || !this.confirmed.covers(range);
    });
    this.#leaving.add(this.segments.splice(0, Math.max(0, owing)));
  }
}

class ClearedAway extends Error {}
