import { systemReason } from "../../files/system-reason.ts";
import { decodeEntry, type Entry } from "./entry-line.ts";
import type { Lane, Segment } from "./lane.ts";
import { type Span, spanBetween } from "../span.ts";
import { LineReader } from "./line-reader.ts";
import type { Range } from "./number-set.ts";

/** Entries that are not in the lane any more, or cannot be read. */
export interface Loss {
  /** Their numbers. */
  readonly range: Range;
  /** How many of them were not confirmed. */
  readonly count: number;
  readonly span: Span;
  /** Where the damage begins; none where whole lines are missing. */
  readonly damage: Damage | undefined;
}

/** A place that cannot be read. */
export interface Damage {
  readonly segment: Segment;
  /** In bytes, from the start of the segment. */
  readonly offset: number;
  /** A line without its break at the end of a segment: it was being written when its process died. */
  readonly torn: boolean;
}

/** What was read. */
export interface Reading {
  readonly entries: readonly Entry[];
  readonly losses: readonly Loss[];
  /** Whether there is nothing more to read now. */
  readonly ended: boolean;
}

const nothing = Buffer.alloc(0);

/** From where to read. */
export interface Cursor {
  /** Serial of the segment. */
  segment: number;
  /** In bytes. */
  offset: number;
  /** Number of the entry there. */
  number: number;
}

/**
 * Reads the entries of a lane that are not confirmed, in order. What is damaged is passed over and
 * told: it is never taken for an entry, and never hides the ones behind it.
 */
export class LaneReader {
  readonly #lane: Lane;
  /** Whether nobody writes to the lane any more, so that a line without its break is torn. */
  readonly #closed: boolean;
  #current: { segment: Segment; lines: LineReader } | undefined;
  /** Serial of the first segment that was not read to its end. */
  #fromSerial: number;
  #offset: number;
  /** The number that comes next if nothing is missing. */
  #expected: number;
  #before: Entry | undefined;
  /** Damage since the last entry. */
  #damage: Damage | undefined;
  #damagedLines = 0;
  #done = false;

  /** @param from where to begin; by default, at the beginning of a lane that nobody writes to */
  constructor(lane: Lane, from?: Cursor) {
    this.#lane = lane;
    this.#closed = from === undefined;
    const { segment, offset, number } = from ?? {
      segment: 0,
      offset: 0,
      number: lane.segments[0]?.first ?? 1,
    };
    this.#fromSerial = segment;
    this.#offset = offset;
    this.#expected = number;
  }

  /** The number that comes next if nothing is missing. */
  get expected(): number {
    return this.#expected;
  }

  /** Whether all of a lane that nobody writes to was read. */
  get done(): boolean {
    return this.#done;
  }

  /** @param maxLines how many lines to look at, at most */
  read(maxLines: number): Reading {
    const entries: Entry[] = [];
    const losses: Loss[] = [];
    let ended = false;
    for (let read = 0; read < maxLines && !this.#done; read += 1) {
      const line = this.#nextLine();
      ended = line === undefined;
      if (line === undefined) {
        if (!this.#closed) break;
        this.#done = true;
        this.#tellLoss(losses, this.#expected + this.#damagedLines - 1, undefined);
        break;
      }
      const entry = line.place.torn ? undefined : decodeEntry(line.bytes);
      if (entry === undefined) {
        this.#damage ??= line.place;
        this.#damagedLines += 1;
      } else if (entry.number >= this.#expected) {
        this.#tellLoss(losses, entry.number - 1, entry);
        this.#expected = entry.number + 1;
        this.#before = entry;
        if (!this.#lane.confirmed.has(entry.number)) entries.push(entry);
      }
    }
    return { entries, losses, ended };
  }

  close(): void {
    this.#current?.lines.close();
    this.#current = undefined;
  }

  /** The next line, or the end of a segment that is torn or cannot be read: neither has a break. */
  #nextLine(): { bytes: Buffer; place: Damage } | undefined {
    for (;;) {
      const segment = this.#current?.segment ?? this.#nextSegment();
      if (segment === undefined) return undefined;
      let offset = 0;
      try {
        const { lines } = (this.#current ??= this.#open(segment));
        ({ offset } = lines);
        const line = lines.next();
        if (line !== undefined) {
          return { bytes: line.bytes, place: { segment, offset: line.offset, torn: false } };
        }
        if (!this.#closed && segment === this.#lane.segments.at(-1)) return undefined;
        this.#leave(segment);
        if (lines.rest > 0) return { bytes: nothing, place: { segment, offset, torn: true } };
      } catch (error) {
        if (systemReason(error) === undefined) throw error;
        // The file is gone, or the disk does not give it back.
        this.#leave(segment);
        return { bytes: nothing, place: { segment, offset, torn: false } };
      }
    }
  }

  #nextSegment(): Segment | undefined {
    return this.#lane.segments.find(({ serial }) => serial >= this.#fromSerial);
  }

  #open(segment: Segment): { segment: Segment; lines: LineReader } {
    const lines = new LineReader(segment.path, this.#offset);
    this.#offset = 0;
    return { segment, lines };
  }

  #leave({ serial }: Segment): void {
    this.close();
    this.#fromSerial = serial + 1;
  }

  /** Tells of the entries from the expected one to `last`, as far as they were not confirmed. */
  #tellLoss(losses: Loss[], last: number, after: Entry | undefined): void {
    const range: Range = [this.#expected, last];
    const count = this.#lane.confirmed.countMissing(range);
    if (count > 0) {
      losses.push({ range, count, span: spanBetween(this.#before, after), damage: this.#damage });
    }
    if (last >= this.#expected) this.#expected = last + 1;
    this.#damage = undefined;
    this.#damagedLines = 0;
  }
}
