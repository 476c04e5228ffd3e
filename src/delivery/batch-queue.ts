import { type Batch, halvesOf, type Kept, sentOf, strikesToSplit, untried } from "./batch.ts";
import { Blame, type Suspicion } from "./blame.ts";

/** A batch that failed so often is tried by one of its records, and then gives way to the next one. */
const patience = 3;

/** With so many strikes a record is given up where such records would fill half of the queue. */
const strikesWhereCrowded = 3;

/** How a {@link BatchQueue} keeps and chooses. */
export interface QueueLimits {
  /** Records that it holds, normally. */
  readonly maxSize: number;
  readonly maxBatchSize: number;
  /** Strikes after which a record that stands alone is given up. */
  readonly giveUpAfter: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/**
 * The records that were accepted and are not settled yet, as batches. Batches start in order of age.
 *
 * A receiver that is down, and a batch that it cannot take, look alike until it takes anything else.
 * So a batch that keeps failing is tried by a single record, any of them, and gives way to others. Once
 * something is taken, it is halved, until the record at fault stands alone and holds up nobody.
 */
export class BatchQueue {
  readonly #limits: QueueLimits;
  readonly #waiting: Kept[] = [];
  /** Failed, and not under way now; the oldest first. */
  #failed: Batch[] = [];
  readonly #underWay = new Set<Batch>();
  #accepted = 0;
  #settled = 0;
  readonly #blame = new Blame();
  /** Whether batches under suspicion wait, all of them. */
  suspectsRest = false;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Records that are not settled. */
  get depth(): number {
    return this.#accepted - this.#settled;
  }

  /**
   * Records that count against the queue's size. Those that stand alone under suspicion do not, up to
   * as many again: would they fill it, nothing could be taken any more, and nothing be found out.
   */
  get load(): number {
    return this.depth - Math.min(this.#alone, this.#limits.maxSize);
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
    const started = [...this.#failed, ...this.#underWay];
    return started.reduce((oldest, { first }) => Math.min(oldest, first), fresh);
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

  /**
   * The records of a batch under way that were sent are settled.
   *
   * @returns them: they leave the queue
   */
  settle(batch: Batch): readonly Kept[] {
    const done = sentOf(batch);
    this.#underWay.delete(batch);
    this.#settled += done.length;
    this.#blame.noteTaken(batch);
    if (done.length < batch.kept.length) {
      batch.kept = batch.kept.filter((kept) => !done.includes(kept));
      if (batch.probe === 0) batch.first += 1;
      this.#putBack(batch);
    }
    return done;
  }

  /**
   * Some records of a batch under way are settled; the others stay in it, as if it were a new one.
   *
   * @param places in the batch, but not all of them; those outside of it are ignored
   * @returns the records that leave the queue, in the order of the batch
   */
  settlePart(batch: Batch, places: ReadonlySet<number>): Kept[] {
    const done = batch.kept.filter((_, place) => places.has(place));
    if (done.length === 0) return done;
    const inFront = batch.kept.findIndex((_, place) => !places.has(place));
    const kept = batch.kept.filter((_, place) => !places.has(place));
    const fresh = { kept, first: batch.first + inFront, ...untried };
    Object.assign(batch, fresh);
    this.#settled += done.length;
    return done;
  }

  /** A batch under way was cut off: that says nothing of it. */
  putBack(batch: Batch): void {
    this.#underWay.delete(batch);
    this.#putBack(batch);
  }

  /**
   * A batch under way was not taken.
   *
   * @param blamed whether its records may be why: not where the receiver is busy
   * @returns what it says of the batch; or that its one record has failed as often as it may, and has
   *   left the queue
   */
  fail(batch: Batch, blamed: boolean): Suspicion | "given-up" {
    this.#underWay.delete(batch);
    const suspicion = this.#blame.noteFailed(batch, blamed);
    if (suspicion === "suspect" && this.#mayGiveUp(batch)) {
      this.#settled += 1;
      return "given-up";
    }
    if (batch.kept.length > 1 && batch.strikes >= strikesToSplit) {
      for (const half of halvesOf(batch)) this.#putBack(half);
    } else {
      batch.resting = suspicion === "suspect";
      this.#putBack(batch);
    }
    return suspicion;
  }

  /** Ends the pauses that batches have of their own. */
  wake(): void {
    this.suspectsRest = false;
    for (const batch of this.#failed) batch.resting = false;
  }

  #mayGiveUp({ kept, strikes }: Batch): boolean {
    if (kept.length > 1) return false;
    const { giveUpAfter, maxSize } = this.#limits;
    const isCrowded = this.#alone >= maxSize / 2;
    return strikes >= (isCrowded ? Math.min(giveUpAfter, strikesWhereCrowded) : giveUpAfter);
  }

  /** Records that stand alone under suspicion. */
  get #alone(): number {
    return this.#failed.filter(({ kept, strikes }) => kept.length === 1 && strikes > 0).length;
  }

  #putBack(batch: Batch): void {
    batch.probe = undefined;
    this.#failed.push(batch);
    this.#failed.sort((a, b) => a.first - b.first);
  }

  #choose(partial: boolean, failing: boolean): Batch | undefined {
    const again = this.#failed.filter(
      ({ resting, strikes }) => !resting && !(this.suspectsRest && strikes > 0),
    );
    const unsuspected = again.filter(({ strikes }) => strikes === 0);
    const oldest = unsuspected.find(({ failures }) => !failing || failures <= patience);
    if (oldest !== undefined) return this.#retry(oldest);
    // Each has its turn: what stands behind the one that never succeeds may do so.
    const [leastFailed] = again.toSorted((a, b) => a.failures - b.failures);
    if (leastFailed !== undefined && !failing) return this.#retry(leastFailed);
    const { length } = this.#waiting;
    if (length >= this.#limits.maxBatchSize || (partial && length > 0)) return this.#fresh();
    return leastFailed && this.#retry(leastFailed);
  }

  #retry(batch: Batch): Batch {
    this.#failed = this.#failed.filter((other) => other !== batch);
    const { length } = batch.kept;
    if (length > 1 && batch.failures >= patience && !this.#blame.tookSince(batch)) {
      batch.probe = Math.floor(this.#limits.random() * length);
    }
    return batch;
  }

  #fresh(): Batch {
    const first = this.#accepted - this.#waiting.length + 1;
    const kept = this.#waiting.splice(0, this.#limits.maxBatchSize);
    return { kept, first, ...untried };
  }
}
