import type { Deadline } from "../telemetry/deadline.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { Rejection, Retryable } from "../telemetry/exporter.ts";
import { type AnyExporter, attemptDelivery } from "./attempt-delivery.ts";
import { type Batch, type Kept, sentOf } from "./batch.ts";
import { BatchQueue } from "./batch-queue.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { Clock } from "./clock.ts";
import { Pauses } from "./pauses.ts";
import { givenUp } from "./processor-errors.ts";
import { pauseMillis, type RetryOptions } from "./retry.ts";
import { deferred } from "../telemetry/built-ins.ts";

/** How a {@link Sender} sends. */
export interface SenderOptions {
  readonly exporter: AnyExporter;
  readonly batch: Required<BatchOptions>;
  readonly maxInFlight: number;
  readonly retry: Required<RetryOptions>;
  /** Called with records that need no more attempts: all but the rejected ones are the receiver's. */
  readonly onSettled: (kept: readonly Kept[], rejected: readonly Rejection[]) => void;
  /** Called when an attempt has ended, well or not: there may be room for others. */
  readonly onEnd: () => void;
}

/** How long somebody waits for records to be settled. */
export interface Draining {
  /** Whether the records that are waited for are settled. */
  readonly reached: () => boolean;
  readonly deadline: Deadline;
  /** Whether these are the last attempts of the process: nothing waits any more, for whatever reason. */
  readonly last?: boolean;
}

/**
 * Sends records in batches, and again until they are settled. Batches start in the order of their
 * records, at most `maxInFlight` beside one another, and one alone while the receiver fails: when it
 * comes back after a long time, one batch finds that out, not all of them.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #clock: Clock;
  readonly #queue: BatchQueue;
  /** Takes back the timer after which a batch that is not full may go. */
  #cancelTimer: (() => void) | undefined;
  /** Whether that timer has run out. */
  #overdue = false;
  readonly #pauses: Pauses;
  /** How many callers wait for a flush: while there are any, nothing waits for a full batch. */
  #flushing = 0;
  /** Up to which place records shall go without a full batch: later ones may still be gathered. */
  #wanted = 0;
  /** Attempts that failed, ever, and those that no success came after. */
  #failures = 0;
  #failuresInRow = 0;
  /** Attempts with suspects that failed in a row, with no success of anything between. */
  #doubtsInRow = 0;
  /** Resolved when one of the attempts under way, or else the next one, has ended, or more is settled. */
  #attemptEnd = deferred<void>();
  #closed = false;
  /** Aborted when nobody waits any longer for the attempts under way. */
  #abandon = new AbortController();

  constructor(options: SenderOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#pauses = new Pauses(clock, () => this.#pump());
    this.#queue = new BatchQueue({
      maxSize: options.batch.maxQueueSize,
      maxBatchSize: options.batch.maxExportBatchSize,
      giveUpAfter: options.retry.giveUpAfter,
      random: () => clock.random(),
    });
  }

  /** Records that are not settled. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** Records that count against the queue's size. */
  get load(): number {
    return this.#queue.load;
  }

  /** How many records were taken, ever. */
  get accepted(): number {
    return this.#queue.accepted;
  }

  /** The place of the oldest record that is not settled, among all that were taken. */
  get oldest(): number {
    return this.#queue.oldest;
  }

  /** Records that are not settled, the oldest first. */
  get all(): readonly Kept[] {
    return this.#queue.all;
  }

  /** Takes records, and sends them when it is time. */
  take(records: readonly Kept[]): void {
    for (const kept of records) this.#queue.push(kept);
    this.#pump();
  }

  /**
   * Sends what there is, and tries again at once; ends when the receiver fails. Neither what the
   * receiver asked for is cut short, nor what a batch waits that only by itself is not taken.
   */
  async flush({ reached, deadline, last = false }: Draining): Promise<void> {
    // What is under way by now may fail for what was wrong before.
    const failedBefore = this.#failures + (last ? this.#queue.underWay : 0);
    this.#flushing += 1;
    if (last) {
      this.#queue.wake();
      this.#pauses.override();
    }
    while (!reached() && !this.#closed && !deadline.passed) {
      this.#pauses.endBackoff();
      this.#pump();
      if (this.#queue.underWay === 0) break;
      await Promise.race([this.#attemptEnd.promise, deadline.reached]);
      const failed = this.#failures - failedBefore;
      // One batch that fails does not keep the others from being tried; the next one that fails does.
      const hasOthers = this.#queue.waiting + this.#queue.underWay > 0;
      if (failed > 0 && (!hasOthers || (failed > 1 && this.#failuresInRow > 1))) break;
    }
    this.#flushing -= 1;
  }

  /** Sends what there is now, and waits for the next attempts too where some fail. */
  async settle({ reached, deadline }: Draining): Promise<void> {
    this.#wanted = this.#queue.accepted;
    while (!reached() && !this.#closed && !deadline.passed) {
      // What is still waited for had no room in memory until now.
      if (this.#queue.oldest > this.#wanted) this.#wanted = this.#queue.accepted;
      this.#pump();
      await Promise.race([this.#attemptEnd.promise, deadline.reached]);
    }
  }

  /**
   * Ends the pause after a failure: what waits for it is tried at once, and where that fails, again
   * after pauses that begin anew. What the receiver asked for stays.
   */
  hurry(): void {
    this.#failuresInRow = Math.min(this.#failuresInRow, 1);
    this.#pauses.endBackoff();
    this.#pump();
  }

  /** Has those who wait see whether what they wait for is settled. */
  lookAgain(): void {
    const end = this.#attemptEnd;
    this.#attemptEnd = deferred();
    end.resolve();
  }

  /** Ends the attempts under way, which would keep the process from its natural end. */
  cutOff(): void {
    this.#abandon.abort();
    this.#abandon = new AbortController();
  }

  /** Starts nothing more, and waits for what is under way. */
  async close(deadline: Deadline): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#pauses.cancel();
    while (this.#queue.underWay > 0 && !deadline.passed) {
      await Promise.race([this.#attemptEnd.promise, deadline.reached]);
    }
    this.cutOff();
    while (this.#queue.underWay > 0) await this.#attemptEnd.promise;
  }

  /** Starts the batches that may start now; what does not fill one waits a little for others. */
  #pump(): void {
    const failing = this.#failuresInRow > 0;
    // A receiver that fails, or may do so, is asked by one batch at a time.
    const limit = failing || this.#doubtsInRow > 0 ? 1 : this.#options.maxInFlight;
    while (!this.#closed && !this.#pauses.on && this.#queue.underWay < limit) {
      const waiting = this.#queue.waiting;
      const isWanted = this.#queue.accepted - waiting < this.#wanted;
      const batch = this.#queue.take(this.#overdue || this.#flushing > 0 || isWanted, failing);
      if (batch === undefined) return this.#wait();
      if (this.#queue.waiting < waiting) this.#endWait();
      void this.#attempt(batch);
    }
  }

  #wait(): void {
    if (this.#queue.waiting === 0) return;
    this.#cancelTimer ??= this.#clock.schedule(() => {
      this.#endWait();
      this.#overdue = true;
      this.#pump();
    }, this.#options.batch.scheduledDelayMillis);
  }

  #endWait(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#overdue = false;
  }

  async #attempt(batch: Batch): Promise<void> {
    const { exporter, batch: options } = this.#options;
    const sent = sentOf(batch);
    const records = sent.map(({ record }) => record);
    const outcome = await attemptDelivery(exporter, records, {
      timeoutMillis: options.exportTimeoutMillis,
      abandoned: this.#abandon.signal,
      mayBeThere: new Set(
        sent.flatMap(({ record, mayBeThere }) => (mayBeThere === true ? record : [])),
      ),
    });
    if (outcome.status === "retryable") this.#failInPart(batch, outcome);
    else this.#settle(batch, outcome.status === "rejected" ? outcome.records : []);
    this.#options.onEnd();
    this.lookAgain();
    this.#pump();
  }

  #settle(batch: Batch, rejected: readonly Rejection[]): void {
    this.#failuresInRow = 0;
    this.#doubtsInRow = 0;
    this.#options.onSettled(this.#queue.settle(batch), rejected);
  }

  /** What is settled is told at once: should the process end now, nobody sends it again. */
  #failInPart(batch: Batch, outcome: Retryable): void {
    const settled = new Map(outcome.settled?.map(({ index, cause }) => [index, cause]));
    const sent = sentOf(batch);
    if (outcome.unclear === true) for (const kept of sent) kept.unclear = true;
    const places = [...sent.keys()];
    const causes = places.filter((place) => settled.has(place)).map((place) => settled.get(place));
    const rejected = causes.flatMap((cause, index) => (cause ? { index, cause } : []));
    if (causes.length === places.length) return this.#settle(batch, rejected);
    const done = this.#queue.settlePart(
      batch,
      new Set(places.filter((place) => settled.has(place))),
    );
    if (this.#closed) this.#queue.putBack(batch);
    else this.#fail(batch, outcome);
    if (done.length > 0) this.#options.onSettled(done, rejected);
  }

  #fail(batch: Batch, { cause, retryAfterMillis = 0 }: Retryable): void {
    const { onSettled } = this.#options;
    this.#failures += 1;
    report(cause);
    // A receiver that tells when to come back blames no record.
    switch (this.#queue.fail(batch, retryAfterMillis <= 0)) {
      case "given-up":
        onSettled(batch.kept, [{ index: 0, cause: givenUp(batch.failures, cause) }]);
        break;
      case "suspect":
        if (!batch.resting) break;
        this.#pauses.rest(this.#pauseAfter(batch.failures), () => (batch.resting = false));
        break;
      case "doubtful":
        if (!this.#queue.suspectsRest) this.#restSuspects();
        break;
      case "none":
        this.#leaveAlone(retryAfterMillis);
    }
  }

  #leaveAlone(retryAfterMillis: number): void {
    // Batches that fail beside one another are one failure of the receiver's.
    const isFirst = !this.#pauses.on;
    if (isFirst) this.#failuresInRow += 1;
    const millis = this.#pauseAfter(this.#failuresInRow, retryAfterMillis);
    if (retryAfterMillis > 0) this.#pauses.obey(millis);
    else if (isFirst) this.#pauses.backOff(millis);
  }

  #restSuspects(): void {
    this.#doubtsInRow += 1;
    this.#queue.suspectsRest = true;
    this.#pauses.rest(this.#pauseAfter(this.#doubtsInRow), () => {
      this.#queue.suspectsRest = false;
    });
  }

  #pauseAfter(failures: number, retryAfterMillis?: number): number {
    const failure = { failures, random: this.#clock.random(), retryAfterMillis };
    return pauseMillis(failure, this.#options.retry);
  }
}
