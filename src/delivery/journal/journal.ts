import { AuthlogError } from "../../errors.ts";
import { report } from "../../telemetry/diagnostics.ts";
import type { ReadableLogRecord } from "../../telemetry/exporter.ts";
import { abandonLane } from "./abandon-lane.ts";
import { AdoptedLanes } from "./adopted-lanes.ts";
import { Backlog } from "./backlog.ts";
import { FaultPause } from "./fault-pause.ts";
import { endedUnsynced, gone, journalFull, unnoted, unwritable } from "./journal-errors.ts";
import {
  type Durability,
  type JournalOptions,
  type JournalTuning,
  journalTuning,
} from "./journal-options.ts";
import type { Appended, JournalEntry, JournalWorld, Position } from "./journal-entry.ts";
import type { Lane } from "./lane.ts";
import { removed } from "./lane-removals.ts";
import { makeRoom } from "./make-room.ts";
import { rangesOf } from "./number-set.ts";
import { openOwnLane } from "./open-own-lane.ts";
import type { Holding, OwnLane } from "./own-lane.ts";
import { SyncRounds } from "./sync-rounds.ts";
import { groupBy } from "../../telemetry/built-ins.ts";

/**
 * Keeps records on the disk until they are confirmed, beyond the end of the process. Each process
 * appends to a lane of its own, and takes over the lanes of those that died.
 *
 * Nothing here throws because of the disk: where it takes nothing, the caller is told so, and the
 * journal is tried again by itself.
 */
export class Journal {
  readonly #options: Required<JournalOptions>;
  readonly #durable: boolean;
  readonly #world: JournalWorld;
  readonly #tuning: JournalTuning;
  #own: OwnLane | undefined;
  readonly #adopted: AdoptedLanes;
  /** While it is on, the disk takes nothing. */
  readonly #pause: FaultPause;
  readonly #backlog: Backlog;
  #cancelAdoption: (() => void) | undefined;
  readonly #rounds = new SyncRounds(() => this.#sync());
  #closed = false;

  constructor(
    options: Required<JournalOptions>,
    durability: Exclude<Durability, "memory">,
    world: JournalWorld,
  ) {
    this.#options = options;
    this.#durable = durability === "disk";
    this.#world = world;
    this.#tuning = { ...journalTuning, ...world.tuning };
    this.#adopted = new AdoptedLanes(world.readerFiles);
    this.#pause = new FaultPause(world.clock, () => this.#resume());
    this.#backlog = new Backlog(options, world, {
      adopted: this.#adopted,
      own: () => this.#own,
      confirm: (lane, note) => this.#confirm(lane, note),
    });
  }

  /** Begins: says now what keeps the disk from being written, and takes over what the dead left. */
  start(): void {
    try {
      this.#ensureOwn();
      this.#adopt();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Whether an answer to a user has to wait for {@link onDisk}. */
  get durable(): boolean {
    return this.#durable;
  }

  /** Entries that are not confirmed. */
  get owed(): number {
    return (this.#own?.owed ?? 0) + this.#adopted.owed;
  }

  /** Entries that wait on the disk alone. */
  get unread(): number {
    return (this.#own?.unread ?? 0) + this.#adopted.unread;
  }

  /** Those of them that can be read now: the others once a pause is over. */
  get readable(): number {
    return (this.#own?.readable ?? 0) + this.#adopted.readable;
  }

  /** In bytes. */
  get size(): number {
    return (this.#own?.lane.size ?? 0) + this.#adopted.size;
  }

  /** A mark of all that was accepted so far, for {@link owes}. */
  get mark(): number {
    return this.#own?.last ?? 0;
  }

  /** Whether an entry that was accepted before the mark is not confirmed. */
  owes(mark: number): boolean {
    if (this.#own === undefined) return false;
    const { lane, last } = this.#own;
    // The mark may be one of a lane that is gone.
    return !lane.confirmed.covers([1, Math.min(mark, last)]);
  }

  /**
   * Keeps a record.
   *
   * @param holding whether the caller has it in memory, could have it there, or has no room for it
   * @param share how much of the room it may use
   */
  append(record: ReadableLogRecord, holding: Holding, share: number): Appended {
    if (this.#pause.on || this.#closed) return { status: "unwritable" };
    try {
      const own = this.#ensureOwn();
      if (!this.#makeRoom(own, share)) {
        return { status: "full", cause: journalFull(this.#options.maxBytes) };
      }
      const { number, retained } = own.append(record, holding);
      // At `disk` it took them only when they are synced.
      if (!this.#durable) this.#pause.forget();
      this.#syncBehind();
      return { status: "kept", position: { lane: own.lane, number }, retained };
    } catch (error) {
      this.#fail(error);
      return { status: "unwritable" };
    }
  }

  /** Hands out entries that wait on the disk alone. */
  read(maxLines: number): JournalEntry[] {
    return this.#backlog.read(maxLines);
  }

  /** Notes that these need not be delivered any more. */
  confirm(positions: readonly Position[]): void {
    // Somebody else may have the lanes by now.
    if (this.#closed) return;
    for (const [lane, some] of groupBy(positions, (position) => position.lane)) {
      this.#confirm(lane, () => lane.confirm(rangesOf(some.map(({ number }) => number))));
    }
  }

  /**
   * Resolves when everything that was appended before the call is on the disk. Those who wait at the
   * same time share one sync.
   *
   * @throws the system's error
   * @throws `ERR_AUTHLOG_JOURNAL_SLOW` where the journal was closed first
   */
  onDisk(): Promise<void> {
    return this.#rounds.reached();
  }

  /** Sees whether its files are still there. What was in them alone is told as gone. */
  look(): void {
    if (this.#own?.lane.isThere === false) this.#fail(gone());
  }

  /** Resolves when what is confirmed is cleared away, as far as the disk lets it go. */
  async cleared(): Promise<void> {
    const own = this.#own;
    if (own !== undefined) this.#confirm(own.lane, () => own.trim(0));
    await Promise.all([own?.lane.cleared(), removed(this.#options.dir)]);
  }

  /** Gives up what it holds. What is owed is for the next process; nothing is lost. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pause.cancel();
    this.#backlog.cancel();
    this.#cancelAdoption?.();
    for (const part of [this.#own, this.#adopted]) {
      try {
        part?.close();
      } catch (error) {
        report(unwritable(this.#options.dir, error));
      }
    }
  }

  async #sync(): Promise<void> {
    const own = this.#own;
    if (own === undefined) return;
    if (this.#closed) throw endedUnsynced();
    // Somebody who signs in does not wait while all that waits is written anew, once more.
    if (this.#pause.on && own.suspect) throw this.#pause.fault;
    try {
      await own.sync();
      // What was written to files that were removed meanwhile is not on the disk, synced or not.
      if (own.lane.given && !this.#closed) throw gone();
      this.#pause.forget();
    } catch (error) {
      // Whoever has the lane now may have cleared it away.
      if (this.#closed) throw endedUnsynced();
      // A lane whose files are gone says nothing of the one after it.
      if (own === this.#own) this.#fail(error);
      throw error;
    }
  }

  #ensureOwn(): OwnLane {
    if (this.#own !== undefined) return this.#own;
    this.#own = openOwnLane(this.#options, {
      tuning: this.#tuning,
      durable: this.#durable,
      files: this.#world.files,
      readerFiles: this.#world.readerFiles,
    });
    return this.#own;
  }

  #makeRoom(own: OwnLane, share: number): boolean {
    const room = { own, adopted: this.#adopted };
    return makeRoom(room, this.#options, share, this.#world.onGone);
  }

  #confirm(lane: Lane, note: () => void): void {
    try {
      try {
        note();
      } finally {
        // A disk that is full has room again only by this.
        if (lane === this.#own?.lane) this.#own.trim(this.#pause.on ? 0 : undefined);
        else this.#adopted.trim();
      }
    } catch (error) {
      // It is confirmed for this process; the next one delivers it again.
      if (lane === this.#own?.lane && !lane.isThere) this.#fail(error);
      else report(unnoted(this.#options.dir, error));
    }
  }

  #adopt(): void {
    if (this.#closed) return;
    const { clock, onChange } = this.#world;
    // Spread, so that the processes of one folder do not all look at the same moment.
    const pause = this.#tuning.adoptionMillis * (0.5 + clock.random());
    this.#cancelAdoption = clock.schedule(() => this.#adopt(), pause);
    const { dir } = this.#options;
    try {
      this.look();
      this.#adopted.adopt(dir, this.#own?.lane.id);
    } catch (error) {
      report(unwritable(dir, error));
    }
    if (this.unread > 0) onChange();
  }

  /** Has on the disk what could not be written anew before, without anybody who waits for it. */
  #syncBehind(): void {
    if (this.#durable) this.#rounds.add();
  }

  #fail(error: unknown): void {
    report(AuthlogError.is(error) ? error : unwritable(this.#options.dir, error));
    if (this.#closed) return;
    const own = this.#own;
    if (own?.lane.isThere === false) {
      this.#own = undefined;
      abandonLane(own, this.#options.dir, this.#world.onGone);
    }
    this.#pause.begin(error);
  }

  #resume(): void {
    if (this.#cancelAdoption === undefined) this.start();
    this.#syncBehind();
    // A disk that is full may have room by it.
    void this.cleared();
    this.#world.onChange();
  }
}
