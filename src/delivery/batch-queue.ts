import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import type { Position } from "./journal/journal-entry.ts";

/** A record that waits for its confirmation. */
export interface Kept {
  readonly record: ReadableLogRecord;
  /** Where the journal keeps it; none while it is in memory alone. */
  position?: Position | undefined;
  /** Whether a process that died may have delivered it. */
  readonly mayBeThere?: boolean;
}

/** Whether it survives the process. */
export function isOnDisk({ position }: Kept): boolean {
  return position?.lane.given === false;
}

/** Records that are sent together, from the first attempt until all of them are settled. */
export interface Batch {
  kept: readonly Kept[];
  /** Its age: no record in it came before this place among all that were ever accepted, from 1. */
  first: number;
  /** Attempts that failed in a row. */
  failures: number;
  /** How often it failed although the receiver had taken another batch since its last failure. */
  strikes: number;
  /** How many batches the receiver had taken when this one failed last. */
  takenAtFailure: number | undefined;
  /** Waits for a pause of its own, while others go on. */
  resting: boolean;
}

/** What a failure says of the batch. */
export type Suspicion =
  /** Nothing: the receiver may be down. */
  | "none"
  /** The receiver takes others: a record of this batch seems to be at fault. */
  | "suspect"
  /** The one record in it has failed as often as it may. It has left the queue. */
  | "given-up";

/** What is known of a batch before its first attempt. */
const untried = { failures: 0, strikes: 0, takenAtFailure: undefined, resting: false } as const;

/** Strikes after which a batch is halved, to find the record at fault. */
const strikesToSplit = 2;

/** While the receiver fails, a batch is tried so often until the next one is tried in its place. */
const patience = 3;

/**
 * The records that were accepted and are not settled yet, as batches. Batches start in order of age;
 * one that keeps failing gives way to others, and is halved if only it fails, until the record at
 * fault stands alone and holds up nobody.
 */
export class BatchQueue {
  readonly #maxBatchSize: number;
  readonly #giveUpAfter: number;
  readonly #waiting: Kept[] = [];
  /** Failed, and not under way now; the oldest first. */
  #failed: Batch[] = [];
  readonly #underWay = new Set<Batch>();
  #accepted = 0;
  #settled = 0;
  #taken = 0;

  constructor(maxBatchSize: number, giveUpAfter: number) {
    this.#maxBatchSize = maxBatchSize;
    this.#giveUpAfter = giveUpAfter;
  }

  /** Records that are not settled. */
  get depth(): number {
    return this.#accepted - this.#settled;
  }

  /** Records that were never tried. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Batches under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** How many records were accepted, ever: the place of the last one. */
  get accepted(): number {
    return this.#accepted;
  }

  /** The place of the oldest record that is not settled; one past the last if all are. */
  get oldest(): number {
    const fresh = this.#accepted - this.#waiting.length + 1;
    return Math.min(fresh, ...[...this.#failed, ...this.#underWay].map(({ first }) => first));
  }

  /** Records that are not settled, the oldest first. */
  get all(): readonly Kept[] {
    const batches = [...this.#failed, ...this.#underWay].toSorted((a, b) => a.first - b.first);
    return [...batches.flatMap(({ kept }) => kept), ...this.#waiting];
  }

  push(kept: Kept): void {
    this.#waiting.push(kept);
    this.#accepted += 1;
  }

  /**
   * The batch to start with now. It is under way from then on.
   *
   * @param partial whether records that do not fill a batch may go
   * @param failing whether the receiver's last answer was a failure
   */
  take(partial: boolean, failing: boolean): Batch | undefined {
    const batch = this.#choose(partial, failing);
    if (batch !== undefined) this.#underWay.add(batch);
    return batch;
  }

  /** The records of a batch under way are settled, and leave the queue. */
  settle(batch: Batch): void {
    this.#underWay.delete(batch);
    this.#settled += batch.kept.length;
    this.#taken += 1;
  }

  /**
   * Some records of a batch under way are settled; the others stay in it, as if it were a new one.
   *
   * @param places in the batch; those outside of it are ignored
   * @returns the records that leave the queue, in the order of the batch
   */
  settlePart(batch: Batch, places: ReadonlySet<number>): Kept[] {
    const done = batch.kept.filter((_, place) => places.has(place));
    if (done.length === 0) return done;
    const inFront = batch.kept.findIndex((_, place) => !places.has(place));
    const kept = batch.kept.filter((_, place) => !places.has(place));
    const fresh = { kept, first: batch.first + Math.max(0, inFront), ...untried };
    Object.assign(batch, fresh);
    this.#settled += done.length;
    return done;
  }

  /** A batch under way was cut off: that says nothing of it. */
  putBack(batch: Batch): void {
    this.#underWay.delete(batch);
    this.#failed.push(batch);
  }

  /**
   * A batch under way was not taken.
   *
   * @param blamed whether its records may be why: not where the token or the receiver's load was
   */
  fail(batch: Batch, blamed: boolean): Suspicion {
    this.#underWay.delete(batch);
    batch.failures += 1;
    const before = batch.takenAtFailure;
    batch.takenAtFailure = this.#taken;
    if (blamed && before !== undefined && this.#taken > before) batch.strikes += 1;
    if (batch.kept.length === 1 && batch.strikes >= this.#giveUpAfter) {
      this.#settled += 1;
      return "given-up";
    }
    if (batch.kept.length > 1 && batch.strikes >= strikesToSplit) {
      this.#failed.push(...this.#halves(batch));
    } else {
      batch.resting = batch.strikes > 0;
      this.#failed.push(batch);
    }
    this.#failed.sort((a, b) => a.first - b.first);
    return batch.strikes > 0 ? "suspect" : "none";
  }

  /** Ends the pauses that batches have of their own. */
  wake(): void {
    for (const batch of this.#failed) batch.resting = false;
  }

  #choose(partial: boolean, failing: boolean): Batch | undefined {
    const again = this.#failed.filter(({ resting }) => !resting);
    const oldest = again.find(({ failures }) => !failing || failures < patience);
    if (oldest !== undefined) return this.#retry(oldest);
    const { length } = this.#waiting;
    if (length >= this.#maxBatchSize || (partial && length > 0)) return this.#fresh();
    const [leastFailed] = again.toSorted((a, b) => a.failures - b.failures);
    return leastFailed && this.#retry(leastFailed);
  }

  #retry(batch: Batch): Batch {
    this.#failed = this.#failed.filter((other) => other !== batch);
    return batch;
  }

  #fresh(): Batch {
    const first = this.#accepted - this.#waiting.length + 1;
    const kept = this.#waiting.splice(0, this.#maxBatchSize);
    return { kept, first, ...untried };
  }

  /** Each half has one strike: the half without the fault is taken, and loses it. */
  #halves({ kept, first, takenAtFailure }: Batch): Batch[] {
    const middle = Math.ceil(kept.length / 2);
    const half = (from: number, to?: number): Batch => ({
      kept: kept.slice(from, to),
      first: first + from,
      ...untried,
      strikes: strikesToSplit - 1,
      takenAtFailure,
    });
    return [half(0, middle), half(middle)];
  }
}
