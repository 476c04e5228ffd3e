import type { Deadline } from "../telemetry/deadline.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { DeliveryOutcome, Rejection, Retryable } from "../telemetry/exporter.ts";
import { type AnyExporter, attemptDelivery } from "./attempt-delivery.ts";
import { type Batch, BatchQueue, type Kept } from "./batch-queue.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { Clock } from "./clock.ts";
import { givenUp } from "./processor-errors.ts";
import { pauseMillis, type RetryOptions } from "./retry.ts";

/** How a {@link Sender} sends. */
export interface SenderOptions {
  readonly exporter: AnyExporter;
  readonly batch: Required<BatchOptions>;
  readonly maxInFlight: number;
  readonly retry: Required<RetryOptions>;
  /** Called with records that need no more attempts: all but the rejected ones are the receiver's. */
  readonly onSettled: (kept: readonly Kept[], rejected: readonly Rejection[]) => void;
}

/** How long somebody waits for records to be settled. */
export interface Draining {
  /** Whether the records that are waited for are settled. */
  readonly reached: () => boolean;
  readonly deadline: Deadline;
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
  /** Ends the pause that all batches wait for. */
  #endPause: (() => void) | undefined;
  /** Take back the timers of batches that wait by themselves. */
  readonly #rests = new Set<() => void>();
  /** How many callers wait for a flush: while there are any, nothing waits for a full batch. */
  #flushing = 0;
  /** Up to which place records shall go without a full batch: later ones may still be gathered. */
  #wanted = 0;
  /** Attempts that failed, ever, and those that no success came after. */
  #failures = 0;
  #failuresInRow = 0;
  /** Resolved when one of the attempts under way, or else the next one, has ended, or more is settled. */
  #attemptEnd = Promise.withResolvers<void>();
  #closed = false;
  /** Aborted when nobody waits any longer for the attempts under way. */
  #abandon = new AbortController();

  constructor(options: SenderOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#queue = new BatchQueue(options.batch.maxExportBatchSize, options.retry.giveUpAfter);
  }

  /** Records that are not settled. */
  get depth(): number {
    return this.#queue.depth;
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

  /** Sends what there is, and tries again at once; ends when the receiver fails. */
  async flush({ reached, deadline }: Draining): Promise<void> {
    const failedBefore = this.#failures;
    this.#flushing += 1;
    this.#queue.wake();
    while (!reached() && !this.#closed && !deadline.passed) {
      this.#endPause?.();
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
    this.#pump();
    while (!reached() && !this.#closed && !deadline.passed) {
      await Promise.race([this.#attemptEnd.promise, deadline.reached]);
    }
  }

  /** Ends the pauses after failures: what waits for one is tried at once. */
  hurry(): void {
    this.#queue.wake();
    this.#endPause?.();
  }

  /** Has those who wait see whether what they wait for is settled. */
  lookAgain(): void {
    const end = this.#attemptEnd;
    this.#attemptEnd = Promise.withResolvers();
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
    this.#endPause?.();
    for (const cancel of this.#rests) cancel();
    while (this.#queue.underWay > 0 && !deadline.passed) {
      await Promise.race([this.#attemptEnd.promise, deadline.reached]);
    }
    this.cutOff();
    while (this.#queue.underWay > 0) await this.#attemptEnd.promise;
  }

  /** Starts the batches that may start now; what does not fill one waits a little for others. */
  #pump(): void {
    const failing = this.#failuresInRow > 0;
    // A receiver that fails is asked by one batch at a time.
    const limit = failing ? 1 : this.#options.maxInFlight;
    while (!this.#closed && this.#endPause === undefined && this.#queue.underWay < limit) {
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
    const records = batch.kept.map(({ record }) => record);
    const outcome = await attemptDelivery(exporter, records, {
      timeoutMillis: options.exportTimeoutMillis,
      abandoned: this.#abandon.signal,
      mayBeThere: new Set(
        batch.kept.flatMap(({ record, mayBeThere }) => (mayBeThere === true ? record : [])),
      ),
    });
    if (outcome.status === "retryable") this.#failInPart(batch, outcome);
    else this.#settle(batch, outcome);
    this.lookAgain();
    this.#pump();
  }

  #settle(batch: Batch, outcome: Exclude<DeliveryOutcome, { status: "retryable" }>): void {
    this.#failuresInRow = 0;
    this.#queue.settle(batch);
    this.#options.onSettled(batch.kept, outcome.status === "rejected" ? outcome.records : []);
  }

  /** What is settled is told at once: should the process end now, nobody sends it again. */
  #failInPart(batch: Batch, outcome: Retryable): void {
    const settled = new Map(outcome.settled?.map(({ index, cause }) => [index, cause]));
    const causes = [...batch.kept.keys()]
      .filter((place) => settled.has(place))
      .map((place) => settled.get(place));
    const done = this.#queue.settlePart(batch, new Set(settled.keys()));
    const rejected = causes.flatMap((cause, index) => (cause ? { index, cause } : []));
    if (batch.kept.length === 0) this.#queue.settle(batch);
    else if (this.#closed) this.#queue.putBack(batch);
    else this.#fail(batch, outcome);
    if (done.length > 0) this.#options.onSettled(done, rejected);
  }

  #fail(batch: Batch, { cause, retryAfterMillis }: Retryable): void {
    const { retry, onSettled } = this.#options;
    this.#failures += 1;
    report(cause);
    const random = this.#clock.random();
    // A receiver that tells when to come back, or whose token is wrong, blames no record.
    const blamed =
      cause.code === "ERR_AUTHLOG_DELIVERY_RETRYABLE" && retryAfterMillis === undefined;
    switch (this.#queue.fail(batch, blamed)) {
      case "given-up":
        onSettled(batch.kept, [{ index: 0, cause: givenUp(batch.failures, cause) }]);
        break;
      case "suspect":
        this.#rest(batch, pauseMillis({ failures: batch.failures, random }, retry));
        break;
      case "none":
        // Batches that fail beside one another are one failure of the receiver's.
        if (this.#endPause !== undefined) break;
        this.#failuresInRow += 1;
        this.#pause(
          pauseMillis({ failures: this.#failuresInRow, random, retryAfterMillis }, retry),
        );
    }
  }

  /** Lets all batches wait. */
  #pause(millis: number): void {
    if (this.#closed) return;
    const cancel = this.#clock.schedule(() => this.#endPause?.(), millis);
    this.#endPause = () => {
      this.#endPause = undefined;
      cancel();
      this.#pump();
    };
  }

  /** Lets one batch wait, while others go on. */
  #rest(batch: Batch, millis: number): void {
    if (!batch.resting || this.#closed) return;
    const cancel = this.#clock.schedule(() => {
      this.#rests.delete(cancel);
      batch.resting = false;
      this.#pump();
    }, millis);
    this.#rests.add(cancel);
  }
}
