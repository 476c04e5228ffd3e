import fs, { renameSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { diskHangs } from "./journal-errors.ts";
import type { Lane } from "./lane.ts";
import { type Segment, segmentPath, unfinished } from "./lane-files.ts";
import { LaneNames } from "./lane-names.ts";
import { UnsyncedLines } from "./unsynced-lines.ts";

/** The system calls that the writer makes. Tests pass some that fail. */
export type WriterFiles = Pick<
  typeof fs,
  "openSync" | "writeSync" | "ftruncateSync" | "closeSync" | "fdatasync" | "fsync"
>;

/** How a {@link LaneWriter} writes. */
export interface LaneWriterOptions {
  /** A segment that has so many bytes is followed by the next. */
  segmentBytes: number;
  /** Whether {@link LaneWriter.sync} is asked for: lines are then kept until they are on the disk. */
  durable: boolean;
  /** So many bytes may be kept for that; while there are more, no line is taken. */
  unsyncedBytes: number;
  /** The journal's folder, in which the lane's name has to be on the disk as well. */
  journal: string;
  /** Told of a sync that failed, before its lines are written anew. */
  onSyncFailed: (cause: unknown) => void;
  files?: WriterFiles;
}

/**
 * Appends lines to a lane. A line is with the kernel when {@link append} returns, and on the disk
 * when {@link sync} resolves.
 */
export class LaneWriter {
  readonly #lane: Lane;
  readonly #options: LaneWriterOptions;
  readonly #files: WriterFiles;
  readonly #names: LaneNames;
  readonly #fdatasync: (descriptor: number) => Promise<void>;
  #descriptor: number | undefined;
  /** Full segments that are not synced yet. */
  #full: number[] = [];
  readonly #unsynced = new UnsyncedLines();
  #namesUnsynced = true;
  /** The serial that was tried last: where something is in a segment's way, the next one is free. */
  #lastSerial: number;
  #suspect = false;
  #rewriting = false;
  #syncing = false;
  #closed = false;

  constructor(lane: Lane, options: LaneWriterOptions) {
    this.#lane = lane;
    this.#lastSerial = lane.segments.at(-1)?.serial ?? 0;
    this.#options = options;
    this.#files = options.files ?? fs;
    this.#names = new LaneNames(lane, options.journal, this.#files);
    this.#fdatasync = promisify(this.#files.fdatasync);
  }

  /**
   * Hands a line to the kernel. Either all of it stands in the lane then, or nothing.
   *
   * @returns where it stands
   * @throws the system's error; the lane can be written to again with a new segment
   * @throws `ERR_AUTHLOG_JOURNAL_UNWRITABLE` while too much waits for the disk
   */
  append(number: number, line: Buffer): { segment: Segment; offset: number } {
    if (this.#suspect) this.#rewrite();
    const { unsyncedBytes } = this.#options;
    if (this.#unsynced.bytes > unsyncedBytes) throw diskHangs(unsyncedBytes);
    const current = this.#lane.segments.at(-1);
    if (current !== undefined && current.size >= this.#options.segmentBytes) this.endSegment();
    this.#descriptor ??= this.#beginSegment(number);
    const segment = this.#lane.segments.at(-1);
    if (segment === undefined) throw new Error("A lane that is written to has a segment.");
    const offset = segment.size;
    this.#write(this.#descriptor, segment, line);
    if (this.#options.durable) this.#unsynced.push({ number, line });
    return { segment, offset };
  }

  /**
   * Has everything that was appended before the call on the disk when it resolves.
   *
   * A sync that failed is never repeated on the same file: the kernel may have dropped what it could
   * not write, and says yes the next time. The lines are written anew, to a new segment.
   *
   * @throws the system's error, when the new segment fails as well: the next sync, or the next line,
   *   tries another one
   */
  async sync(): Promise<void> {
    if (this.#suspect) this.#rewrite();
    try {
      await this.#syncOnce();
    } catch (error) {
      // Whoever has the lane now does not expect another segment.
      if (this.#closed) throw error;
      this.#options.onSyncFailed(error);
      this.#rewrite();
      await this.#syncOnce();
    }
  }

  /** Whether what is unsynced stands only in files whose sync failed: all of it is to be written anew. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** Leaves the current segment as it is; the next line begins another. */
  endSegment(): void {
    this.#endSegment();
    if (!this.#options.durable && !this.#syncing) this.#closeFull();
  }

  /** Closes all files; those that are being synced, after that. */
  close(): void {
    this.#closed = true;
    this.#endSegment();
    // The number of a file that is closed can be another file's by the time that it is synced.
    if (!this.#syncing) this.#closeFull();
  }

  async #syncOnce(): Promise<void> {
    const full = this.#full.length;
    const descriptors = [...this.#full];
    if (this.#descriptor !== undefined) descriptors.push(this.#descriptor);
    const lines = this.#unsynced.count;
    const names = this.#namesUnsynced;
    this.#namesUnsynced = false;
    this.#syncing = true;
    try {
      const syncs = descriptors.map((descriptor) => this.#fdatasync(descriptor));
      // All of them have to have ended before a file is closed.
      const failed = (await Promise.allSettled(syncs)).find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      if (names) await this.#names.sync();
    } catch (error) {
      this.#namesUnsynced ||= names;
      this.#suspect = !this.#closed;
      throw error;
    } finally {
      this.#syncing = false;
      if (this.#closed) this.#closeFull();
    }
    this.#unsynced.take(lines);
    this.#closeFull(full);
  }

  /** Writes what is unsynced to new segments: all of it, or, where the disk refuses, nothing. */
  #rewrite(): void {
    this.#endSegment();
    this.#closeFull();
    const { confirmed, segments } = this.#lane;
    const all = this.#unsynced.take(Infinity);
    const lines = all.filter(({ number }) => !confirmed.has(number));
    const before = [...segments];
    this.#suspect = false;
    this.#rewriting = true;
    try {
      for (const { number, line } of lines) this.append(number, line);
      // Where a segment begins, the one in front of it ends. So the last one gets its name first: all
      // that is behind its beginning is there.
      for (const segment of segments.slice(before.length).toReversed()) this.#name(segment);
    } catch (error) {
      this.#unsynced.take(Infinity);
      for (const unsynced of lines) this.#unsynced.push(unsynced);
      this.#suspect = true;
      this.#remove(segments.filter((segment) => !before.includes(segment)));
      this.#endSegment();
      this.#closeFull();
      throw error;
    } finally {
      this.#rewriting = false;
    }
    // Those that hold nothing else: of lines that were written anew before, or all confirmed.
    const first = lines[0]?.number ?? Infinity;
    this.#remove(before.filter((segment) => segment.first >= first));
  }

  #remove(removed: readonly Segment[]): void {
    const { segments } = this.#lane;
    for (const segment of removed) {
      rmSync(segment.path, { force: true });
      segments.splice(segments.indexOf(segment), 1);
    }
  }

  #beginSegment(first: number): number {
    this.#lane.admit();
    const serial = (this.#lastSerial += 1);
    const named = segmentPath(this.#lane.folder, serial, first);
    const path = this.#rewriting ? unfinished(named) : named;
    const descriptor = this.#files.openSync(path, "ax", 0o600);
    this.#namesUnsynced = true;
    this.#lane.segments.push({ serial, first, path, size: 0 });
    return descriptor;
  }

  #name(segment: Segment): void {
    const named = segmentPath(this.#lane.folder, segment.serial, segment.first);
    renameSync(segment.path, named);
    segment.path = named;
  }

  #write(descriptor: number, segment: Segment, line: Buffer): void {
    try {
      for (let written = 0; written < line.length;) {
        written += this.#files.writeSync(descriptor, line, written);
      }
      segment.size += line.length;
    } catch (error) {
      this.#takeBack(descriptor, segment);
      throw error;
    }
  }

  /** What was written of a line goes again, where the disk allows; the next line begins a segment. */
  #takeBack(descriptor: number, segment: Segment): void {
    try {
      this.#files.ftruncateSync(descriptor, segment.size);
    } catch {
      // A part of the line stays at the segment's end. No entry has its number, so none is missed.
    }
    this.endSegment();
    // A disk that is full for a day is tried a thousand times.
    if (segment.size === 0) this.#remove([segment]);
  }

  #endSegment(): void {
    if (this.#descriptor !== undefined) this.#full.push(this.#descriptor);
    this.#descriptor = undefined;
  }

  #closeFull(count = Infinity): void {
    const errors = this.#full.splice(0, count).flatMap((descriptor): unknown[] => {
      try {
        this.#files.closeSync(descriptor);
        return [];
      } catch (error) {
        return [error];
      }
    });
    if (errors.length > 0) throw errors[0];
  }
}
