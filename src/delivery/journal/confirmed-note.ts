import { randomBytes } from "node:crypto";
import type fs from "node:fs";
import { closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { syncFolderSoon, writeNewFile } from "../../files/private-file.ts";
import { appendFlags } from "../../files/regular-file.ts";
import { systemReason } from "../../files/system-reason.ts";
import { confirmedFile, confirmedLines, readConfirmed, unfinished } from "./lane-files.ts";
import type { NumberSet, Range } from "./number-set.ts";

const lineBreak = Buffer.from("\n");

/** A block of most file systems: a note of a few ranges needs no more. */
const reserveBytes = 4096;

/** What a {@link ConfirmedNote} waits for. Tests pass one that fails. */
export type NoteFiles = Pick<typeof fs, "fsync">;

/** What of a lane need not be delivered any more, and the file that says so to the next process. */
export class ConfirmedNote {
  readonly confirmed: NumberSet;
  /** The lane's. */
  folder: string;
  readonly #fsync: (descriptor: number) => Promise<void>;
  /** Whether the disk did not take something of it. */
  #unwritten = false;
  /** Whether a sync of the file has failed: none tells any more what of it is on the disk. */
  #unsyncable = false;
  /** What is confirmed while the file is made anew. */
  #meanwhile: Range[] | undefined;
  #stored = 0;

  constructor(folder: string, files: NoteFiles) {
    this.folder = folder;
    this.#fsync = promisify(files.fsync);
    this.confirmed = readConfirmed(confirmedFile(folder));
  }

  /** Up to which number the disk is known to have it that all are confirmed. */
  get stored(): number {
    return this.#stored;
  }

  /**
   * Adds to it. It is not synced: what a power cut takes of it is delivered again, and known again by
   * its uid. What the disk did not take before is written along.
   */
  add(ranges: readonly Range[]): void {
    for (const range of ranges) this.confirmed.add(range);
    this.#meanwhile?.push(...ranges);
    const lines = confirmedLines(this.#unwritten ? this.confirmed.ranges : ranges);
    this.#unwritten = true;
    // A break first: what a process left that died within a line is not a part of the next one.
    const bytes = Buffer.concat([lineBreak, lines]);
    const descriptor = openSync(confirmedFile(this.folder), appendFlags, 0o600);
    try {
      writeFileSync(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
    this.#unwritten = false;
  }

  /** Writes what the disk did not take. */
  retry(): void {
    if (this.#unwritten) this.add([]);
  }

  /** Keeps some room for {@link store}, where there is any, for when the disk is full. */
  reserve(): void {
    if (existsSync(this.#reserve)) return;
    try {
      // Some file systems keep no zeroes.
      writeNewFile(this.#reserve, randomBytes(reserveBytes));
    } catch {
      // It is full now: that is tried again when something has gone.
    }
  }

  /**
   * Has on the disk what is confirmed by now: without it, what is missing in front would look like a
   * loss after a power cut. The file is a new one each time, since a sync that failed is never repeated
   * on the same one; so is its name in the folder. A full disk may have no room for that, where the
   * ranges are many: then it is the file that is there.
   *
   * @param goesOn whether the lane is still this process's
   * @throws the system's error
   */
  async store(goesOn: () => boolean): Promise<void> {
    const stored = this.confirmed.firstMissing(1) - 1;
    try {
      await this.#storeAnew(goesOn);
    } catch (error) {
      if (!isFull(error) || this.#unsyncable || !goesOn()) throw error;
      rmSync(this.#unfinished, { force: true });
      await this.#storeInPlace();
    }
    if (!goesOn()) return;
    await syncFolderSoon(this.folder);
    this.#stored = stored;
  }

  get #reserve(): string {
    return unfinished(join(this.folder, "reserve"));
  }

  get #unfinished(): string {
    return unfinished(confirmedFile(this.folder));
  }

  async #storeAnew(goesOn: () => boolean): Promise<void> {
    const descriptor = this.#begin();
    const meanwhile: Range[] = [];
    this.#meanwhile = meanwhile;
    try {
      await this.#fsync(descriptor);
      if (!goesOn()) return;
      writeFileSync(descriptor, confirmedLines(meanwhile));
    } finally {
      this.#meanwhile = undefined;
      closeSync(descriptor);
    }
    // Nothing waits for a disk here, and nobody else can have the lane, as after another wait.
    renameSync(this.#unfinished, confirmedFile(this.folder));
    this.#unwritten = false;
    this.#unsyncable = false;
  }

  async #storeInPlace(): Promise<void> {
    const descriptor = openSync(confirmedFile(this.folder), appendFlags, 0o600);
    try {
      if (this.#unwritten) writeFileSync(descriptor, this.#front());
      await this.#fsync(descriptor).catch((error: unknown) => {
        this.#unsyncable = true;
        throw error;
      });
    } finally {
      closeSync(descriptor);
    }
  }

  /** As much as the reserve has room for, from the first on: what goes next is there. */
  #front(): Buffer {
    let front: Buffer = lineBreak;
    for (const range of this.confirmed.ranges) {
      const longer = Buffer.concat([front, confirmedLines([range])]);
      if (longer.length > reserveBytes) break;
      front = longer;
    }
    return front;
  }

  #begin(): number {
    try {
      return this.#write(this.#unfinished);
    } catch (error) {
      if (!isFull(error)) throw error;
      rmSync(this.#reserve, { force: true });
      return this.#write(this.#unfinished);
    }
  }

  #write(path: string): number {
    rmSync(path, { force: true });
    const descriptor = openSync(path, "wx", 0o600);
    try {
      writeFileSync(descriptor, confirmedLines(this.confirmed.ranges));
      return descriptor;
    } catch (error) {
      closeSync(descriptor);
      // What room it found is needed.
      rmSync(path, { force: true });
      throw error;
    }
  }
}

/** Whether a system's error says that there is no room. */
export function isFull(error: unknown): boolean {
  const code = systemReason(error);
  return code === "ENOSPC" || code === "EDQUOT";
}
