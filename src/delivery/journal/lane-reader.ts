import { beginningsIn, decodeEntry, type Entry } from "./entry-line.ts";
import type { Lane } from "./lane.ts";
import type { Segment } from "./lane-files.ts";
import { type Span, spanBetween } from "../span.ts";
import { LineReader, type ReaderFiles, regularFiles } from "./line-reader.ts";
import type { Range } from "./number-set.ts";
import { FailedTries, isLack, readFaultOf } from "./read-fault.ts";

/**
 * Entries that are not in the lane any more, or cannot be read; or, where its count is 0, a damage
 * that took none.
 */
export interface Loss {
  /** Their numbers. */
  readonly range: Range;
  /** How many of them were not confirmed. */
  readonly count: number;
  readonly span: Span;
  /** Where it is; not known where the rest of a lane is missing. */
  readonly damage: Damage | undefined;
}

/** A place that is not as it was written. */
export interface Damage {
  readonly segment: Segment;
  /** In bytes, from the start of the segment. */
  readonly offset: number;
  readonly kind: DamageKind;
}

export type DamageKind =
  /** A line without its break at the end of a segment: it was being written when its process died. */
  | "torn"
  /** What is there is no entry. */
  | "unreadable"
  /** Whole lines are missing before the place, or stand in another order. */
  | "missing";

/** What was read. */
export interface Reading {
  readonly entries: readonly Entry[];
  readonly losses: readonly Loss[];
  /** Whether there is nothing more to read now. */
  readonly ended: boolean;
  /** The system's error, where what comes next cannot be read now: {@link LaneReader.waits}. */
  readonly fault?: unknown;
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
  readonly #lane: Pick<Lane, "segments" | "confirmed">;
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
  #waits = false;
  #stuck = false;
  /** To read from the current segment. */
  #failed = new FailedTries();

  readonly #files: ReaderFiles;
  readonly #decode: typeof decodeEntry;

  /**
   * @param from where to begin; by default, at the beginning of a lane that nobody writes to
   * @param decode tests pass one that does without the checksum, to show what it is for
   */
  constructor(
    lane: Pick<Lane, "segments" | "confirmed">,
    from?: Cursor,
    files: ReaderFiles = regularFiles,
    decode: typeof decodeEntry = decodeEntry,
  ) {
    this.#lane = lane;
    this.#files = files;
    this.#decode = decode;
    this.#closed = from === undefined;
    const { segment, offset, number } = from ?? {
      segment: 0,
      offset: 0,
      // Segments that are gone from the front have to be confirmed.
      number: lane.confirmed.firstMissing(1),
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

  /** Whether the last try failed; nothing is read until {@link tryAgain}. */
  get waits(): boolean {
    return this.#waits;
  }

  /** Whether it was this lane that failed: others may be read. */
  get stuck(): boolean {
    return this.#stuck;
  }

  /** Called after a pause. */
  tryAgain(): void {
    this.#waits = false;
  }

  /**
   * @param maxLines how many lines to look at, at most
   * @param last number of the last entry of a lane that nobody writes to, as far as it is known
   */
  read(maxLines: number, last = 0): Reading {
    const entries: Entry[] = [];
    const losses: Loss[] = [];
    let ended = false;
    for (let read = 0; read < maxLines && !this.#done && !this.#waits; read += 1) {
      const line = this.#nextLine();
      ended = line === undefined;
      if (line === undefined) {
        if (!this.#closed) break;
        this.#done = true;
        this.#tellLoss(losses, Math.max(last, this.#expected + this.#damagedLines - 1));
        break;
      }
      if ("fault" in line) {
        this.#waits = true;
        this.#stuck = !isLack(line.fault);
        return { entries, losses, ended, fault: line.fault };
      }
      // Without its break it was not written whole, whatever stands there.
      this.#stuck = false;
      const entry = line.place.kind === "torn" ? undefined : this.#decode(line.bytes);
      if (entry === undefined) {
        this.#damage ??= line.place;
        // Where the break between two lines is damaged, they are read as one.
        this.#damagedLines += Math.max(1, beginningsIn(line.bytes));
      } else if (entry.number >= this.#expected) {
        this.#tellLoss(losses, entry.number - 1, { entry, place: line.place });
        this.#expected = entry.number + 1;
        this.#before = entry;
        if (!this.#lane.confirmed.has(entry.number)) entries.push(entry);
      }
    }
    return { entries, losses, ended };
  }

  close(): void {
    const current = this.#current;
    this.#current = undefined;
    current?.lines.close();
  }

  /** The next line, or the end of a segment that is torn or cannot be read: neither has a break. */
  #nextLine(): { bytes: Buffer; place: Damage } | { fault: unknown } | undefined {
    for (;;) {
      const segment = this.#current?.segment ?? this.#nextSegment();
      if (segment === undefined) return undefined;
      let offset = 0;
      try {
        const { lines } = (this.#current ??= this.#open(segment));
        ({ offset } = lines);
        const line = lines.next();
        if (line !== undefined) {
          this.#failed.end();
          return { bytes: line.bytes, place: { segment, offset: line.offset, kind: "unreadable" } };
        }
        if (!this.#closed && segment === this.#lane.segments.at(-1)) return undefined;
        const rest = lines.takeRest();
        this.#leave(segment);
        if (rest === undefined) continue;
        return { bytes: rest.bytes, place: { segment, offset, kind: "torn" } };
      } catch (error) {
        if (!this.#passesOver(segment, error)) return { fault: error };
        return { bytes: nothing, place: { segment, offset, kind: "unreadable" } };
      }
    }
  }

  /**
   * Goes on behind what cannot be read, unless it may be read later.
   *
   * @returns whether it does
   */
  #passesOver(segment: Segment, error: unknown): boolean {
    const fault = readFaultOf(error);
    if (fault === "passing") return false;
    if (fault === "unreadable") {
      const blocks = this.#failed.next(this.#current?.lines.readTo ?? 0);
      if (blocks === 0) return false;
      this.#current?.lines.skip(blocks);
      if ((this.#current?.lines.offset ?? Infinity) < segment.size) return true;
    }
    this.#leave(segment);
    return true;
  }

  #nextSegment(): Segment | undefined {
    return this.#lane.segments.find(({ serial }) => serial >= this.#fromSerial);
  }

  #open(segment: Segment): { segment: Segment; lines: LineReader } {
    // Where the segment to begin with is gone, the next one is read as a whole.
    const offset = segment.serial === this.#fromSerial ? this.#offset : 0;
    const lines = new LineReader(segment.path, offset, this.#files);
    this.#offset = 0;
    return { segment, lines };
  }

  #leave({ serial }: Segment): void {
    this.close();
    this.#fromSerial = serial + 1;
    this.#failed = new FailedTries();
  }

  /** Tells of the entries from the expected one to `last`, as far as they were not confirmed. */
  #tellLoss(losses: Loss[], last: number, after?: { entry: Entry; place: Damage }): void {
    const range: Range = [this.#expected, last];
    const count = this.#lane.confirmed.countMissing(range);
    // What is torn has its loss, or none: a line that was taken back, or written anew elsewhere.
    if (count > 0 || (this.#damage !== undefined && this.#damage.kind !== "torn")) {
      const missing = after && { ...after.place, kind: "missing" as const };
      const span = spanBetween(this.#before, after?.entry);
      losses.push({ range, count, span, damage: this.#damage ?? missing });
    }
    if (last >= this.#expected) this.#expected = last + 1;
    this.#damage = undefined;
    this.#damagedLines = 0;
  }
}
