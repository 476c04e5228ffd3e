import type { Lane } from "./lane.ts";
import type { ReadableLogRecord } from "../../telemetry/exporter.ts";
import { type Dropped, dropOldestFrom } from "./drop-oldest.ts";
import { LockWatch } from "./lane-lock.ts";
import { LaneReader, type Reading } from "./lane-reader.ts";
import type { ReaderFiles } from "./line-reader.ts";
import { OtherLanes } from "./other-lanes.ts";
import { lastEntryOf, whereReadable } from "./span-of-segment.ts";

/** Each has descriptors open, and a part of memory: where a thousand died, some go before the others. */
const mostAdopted = 16;

/** With those that cannot be read for now: they keep no other one waiting, up to here. */
const mostHeld = 64;

interface Adopted {
  readonly lane: Lane;
  readonly lock: LockWatch;
  readonly reader: LaneReader;
  /** Number of its last entry, as far as it could be told before all of it was read. */
  readonly last: number;
}

/** The lanes of dead processes that this one has taken over. */
export class AdoptedLanes {
  readonly #files: ReaderFiles | undefined;
  readonly #others = new OtherLanes();
  #adopted: Adopted[] = [];

  constructor(files?: ReaderFiles) {
    this.#files = files;
  }

  /** Entries that are not confirmed. */
  get owed(): number {
    return this.#adopted.reduce((sum, adopted) => sum + owedOf(adopted), 0);
  }

  /** Entries that were not handed out. */
  get unread(): number {
    return unreadOf(this.#adopted);
  }

  /** Those of them that can be read now. */
  get readable(): number {
    return unreadOf(this.#adopted.filter(({ reader }) => !reader.waits));
  }

  /** In bytes. */
  get size(): number {
    return this.#adopted.reduce((sum, { lane }) => sum + lane.size, 0);
  }

  /** Bytes of the lanes of others, living or dead, when last looked at. */
  get othersBytes(): number {
    return this.#others.bytes;
  }

  /**
   * Takes over lanes whose process is dead: some at once, and the others as those are emptied. One that
   * cannot be looked at is reported, and keeps no other from it.
   *
   * @param own the lane that this process writes, if it does
   */
  adopt(journal: string, own: string | undefined): void {
    this.#leaveForsaken();
    const taken = new Set(this.#adopted.map(({ lane }) => lane.id));
    this.#others.look({ journal, own }, (id) => taken.has(id));
    this.#fill();
    this.trim();
  }

  /** Hands out entries of one of the lanes; they take turns. */
  read(maxLines: number): (Reading & { lane: Lane }) | undefined {
    const index = this.#adopted.findIndex(({ reader }) => !reader.done && !reader.waits);
    const [adopted] = index < 0 ? [] : this.#adopted.splice(index, 1);
    if (adopted === undefined) return undefined;
    this.#adopted.push(adopted);
    const { lane, reader, last } = adopted;
    const reading = reader.read(maxLines, last);
    // What is not there any more may have been delivered by somebody else.
    if (this.#leaveForsaken([adopted])) return this.read(maxLines);
    return { lane, ...reading };
  }

  /** Called after a pause, where what comes next of some lanes could not be read. */
  tryAgain(): void {
    for (const { reader } of this.#adopted) reader.tryAgain();
  }

  /** Drops the oldest segment that nothing was handed out of. See {@link dropOldestFrom}. */
  dropOldest(keep: (record: ReadableLogRecord) => void): Dropped | undefined {
    this.#leaveForsaken();
    const dropped = this.#dropOldest(keep);
    if (dropped !== undefined) return dropped;
    this.#fill();
    return this.#dropOldest(keep);
  }

  /** After a confirmation: a lane that owes nothing is cleared away, and another has its place. */
  trim(): void {
    try {
      this.#leaveForsaken();
      this.#clear();
    } finally {
      this.#fill();
    }
  }

  /** Lets go of the lanes: others may take them. */
  close(): void {
    endEach(this.#adopted.splice(0), (lane) => lane.release());
  }

  #dropOldest(keep: (record: ReadableLogRecord) => void): Dropped | undefined {
    // Their names begin with the time at which they were made.
    const lanes = this.#adopted.toSorted((a, b) => (a.lane.id < b.lane.id ? -1 : 1));
    for (const { lane, reader, last } of lanes) {
      const loss = dropOldestFrom({ lane, expected: reader.expected, last }, keep);
      if (loss !== undefined) return loss;
    }
    return undefined;
  }

  #fill(): void {
    const held = this.#adopted.filter(({ lane }) => lane.segments.length > 0);
    const read = held.filter(({ reader }) => !reader.stuck);
    const room = Math.min(mostAdopted - read.length, mostHeld - held.length);
    for (const lane of this.#others.take(room)) {
      const reader = new LaneReader(lane, undefined, this.#files);
      const lock = new LockWatch(lane.folder);
      this.#adopted.push({ lane, lock, reader, last: lastOf(lane) });
    }
  }

  /**
   * Lets go of lanes whose lock's file somebody removed: whoever takes them over delivers what is owed.
   *
   * @returns whether there were any
   */
  #leaveForsaken(among: readonly Adopted[] = this.#adopted): boolean {
    const forsaken = among.filter(({ lock }) => lock.isForsaken());
    this.#adopted = this.#adopted.filter((adopted) => !forsaken.includes(adopted));
    endEach(forsaken, (lane) => lane.release());
    return forsaken.length > 0;
  }

  #clear(): void {
    const finished = this.#adopted.filter(
      (adopted) =>
        (adopted.reader.done || adopted.lane.segments.length === 0) && owedOf(adopted) === 0,
    );
    if (finished.length === 0) return;
    this.#adopted = this.#adopted.filter((adopted) => !finished.includes(adopted));
    endEach(finished, (lane) => lane.remove());
  }
}

/** Of a segment that cannot be read it is known that it had an entry, if there is anything in it. */
function lastOf({ segments }: Lane): number {
  const last = segments.at(-1);
  if (last === undefined) return 0;
  const entry = whereReadable(() => lastEntryOf(last));
  return entry?.number ?? (last.size > 0 ? last.first : last.first - 1);
}

/** Ends with each of them, also where one throws. */
function endEach(adopted: readonly Adopted[], end: (lane: Lane) => void): void {
  const errors = adopted.flatMap(({ lane, reader }): unknown[] => {
    try {
      reader.close();
      end(lane);
      return [];
    } catch (error) {
      return [error];
    }
  });
  if (errors.length > 0) throw errors[0];
}

function owedOf({ lane, reader, last }: Adopted): number {
  const first = lane.segments[0]?.first ?? Infinity;
  return lane.confirmed.countMissing([first, Math.max(last, reader.expected - 1)]);
}

function unreadOf(adopted: readonly Adopted[]): number {
  return adopted.reduce(
    // What is confirmed has to be read too, before the lane may go.
    (sum, { lane, reader, last }) =>
      sum + (reader.done ? 0 : Math.max(1, lane.confirmed.countMissing([reader.expected, last]))),
    0,
  );
}
