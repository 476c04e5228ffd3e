import type { ReadableLogRecord } from "../../telemetry/exporter.ts";
import { type Dropped, dropOldestFrom } from "./drop-oldest.ts";
import { encodeEntry } from "./entry-line.ts";
import type { Lane } from "./lane.ts";
import { LaneReader, type Reading } from "./lane-reader.ts";
import type { ReaderFiles } from "./line-reader.ts";
import { LaneWriter, type LaneWriterOptions } from "./lane-writer.ts";
import { NumberSet, type Range } from "./number-set.ts";

/** Above this, the segment of a lane that owes nothing is dropped, and not kept for what comes. */
const keptBytes = 1024 ** 2;

/** Whether a record is in memory, could be, or has no room there. */
export type Holding = "yes" | "could" | "no";

/** The lane that this process writes: entries go out of it in order, from memory or read back. */
export class OwnLane {
  readonly lane: Lane;
  readonly #writer: LaneWriter;
  readonly #files: ReaderFiles | undefined;
  /** Number of the last entry. */
  #last = 0;
  /** Reads back what was not kept in memory; there is one while there is such an entry. */
  #reader: LaneReader | undefined;
  /** Entries in memory that the reader is to pass over. */
  #held = new NumberSet();

  constructor(lane: Lane, options: LaneWriterOptions, files?: ReaderFiles) {
    this.lane = lane;
    this.#files = files;
    this.#writer = new LaneWriter(lane, options);
  }

  /** Number of the last entry. */
  get last(): number {
    return this.#last;
  }

  /** Entries that wait on the disk alone. */
  get unread(): number {
    return this.unreadBehind(0);
  }

  /** Those of them with a higher number. */
  unreadBehind(number: number): number {
    if (this.#reader === undefined) return 0;
    // What was dropped counts as confirmed.
    return this.#countAlone([Math.max(this.#reader.expected, number + 1), this.#last]);
  }

  /** Those of them that can be read now. */
  get readable(): number {
    return this.#reader?.waits === true ? 0 : this.unread;
  }

  /** Entries that are not confirmed. */
  get owed(): number {
    return this.#last - this.lane.confirmed.size;
  }

  /**
   * Appends a record.
   *
   * @param holding whether the caller has it in memory, could have it there, or has no room for it.
   *   What could be is retained only where all older entries were: they go out in order
   * @throws the system's error
   */
  append(record: ReadableLogRecord, holding: Holding): { number: number; retained: boolean } {
    if (this.#reader !== undefined && this.unread === 0) this.#endReading();
    const number = this.#last + 1;
    const { segment, offset } = this.#writer.append(number, encodeEntry({ number, record }));
    this.#last = number;
    if (this.#reader === undefined && holding !== "no") return { number, retained: true };
    this.#reader ??= new LaneReader(
      this.lane,
      { segment: segment.serial, offset, number },
      this.#files,
    );
    if (holding === "yes") this.#held.add([number, number]);
    return { number, retained: holding === "yes" };
  }

  /** Hands out entries that were not, oldest first. */
  read(maxLines: number): Reading {
    if (this.#reader === undefined) return { entries: [], losses: [], ended: true };
    const { entries, losses, ended, fault } = this.#reader.read(maxLines);
    const reading = {
      entries: entries.filter(({ number }) => !this.#held.has(number)),
      // What is damaged, and in memory, is not gone.
      losses: losses.map((loss) => ({ ...loss, count: this.#countAlone(loss.range) })),
      ended,
      fault,
    };
    const count = this.unread;
    if (ended && count > 0) {
      // All of them were written: what cannot be read any more is gone.
      const range: Range = [this.#reader.expected, this.#last];
      reading.losses.push({ range, count, span: {}, damage: undefined });
    }
    if (ended || count === 0) this.#endReading();
    return reading;
  }

  /** Called after a pause, where what comes next could not be read. */
  tryAgain(): void {
    this.#reader?.tryAgain();
  }

  #countAlone(range: Range): number {
    return this.lane.confirmed.countMissing(range, this.#held);
  }

  /** See {@link LaneWriter.suspect}. */
  get suspect(): boolean {
    return this.#writer.suspect;
  }

  /** See {@link LaneWriter.sync}. */
  sync(): Promise<void> {
    return this.#writer.sync();
  }

  /** What is confirmed need not stay on the disk, if it is more than so many bytes. */
  trim(bytes: number = keptBytes): void {
    if (this.owed > 0 || this.lane.size <= bytes) return;
    this.#writer.endSegment();
    this.lane.dropSegments();
  }

  /** See {@link dropOldestFrom}. */
  dropOldest(): Dropped | undefined {
    const expected = this.#reader?.expected ?? Infinity;
    return dropOldestFrom({ lane: this.lane, expected, held: this.#held }, (record) =>
      this.append(record, "no"),
    );
  }

  /** Lets go of a lane whose files are gone. */
  abandon(): void {
    this.#endReading();
    try {
      this.#writer.close();
    } finally {
      this.lane.release();
    }
  }

  /** Gives the lane up, for this process's end. What is owed is for whoever takes it over. */
  close(): void {
    this.#endReading();
    try {
      this.#writer.close();
    } finally {
      if (this.owed === 0) this.lane.finish();
      else this.lane.release();
    }
  }

  #endReading(): void {
    this.#reader?.close();
    this.#reader = undefined;
    this.#held = new NumberSet();
  }
}
