import {
  type AuthLogRecord,
  type Component,
  getSlot,
  type QueueWait,
  type RecordQueue,
  type SpanContext,
} from "../slot.ts";
import { type Deadline, deadlineIn } from "../telemetry/deadline.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { DeliveryOutcome, ReadableLogRecord, Rejection } from "../telemetry/exporter.ts";
import { countProcessed, createComponent } from "../telemetry/self-metrics.ts";
import { type AnyExporter, attemptDelivery } from "./attempt-delivery.ts";
import { batchDefaults, type BatchOptions, maxInFlightDefault } from "./batch-options.ts";
import { type Batch, BatchQueue } from "./batch-queue.ts";
import { checkedOptions } from "./checked-options.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { DeadLetter, DeadLetters } from "./dead-letter.ts";
import { altered, full, givenUp, incomplete, shutDown } from "./processor-errors.ts";
import { asEmitted, isAltered, withoutProvider } from "./own-record.ts";
import { pauseMillis, retryDefaults, type RetryOptions } from "./retry.ts";

/** How long something may take. */
interface Deadlined {
  timeoutMillis?: number;
}

/** Below the 10 seconds, or more, that whoever sends a SIGTERM lets pass until the SIGKILL. */
const shutdownMillis = 5000;

/** How an {@link AuditLogRecordProcessor} is set up. */
export interface AuditLogRecordProcessorOptions extends BatchOptions {
  /** Where the records go: a `PangeaLogRecordExporter`, or any exporter of OpenTelemetry's. */
  exporter: AnyExporter;
  /**
   * Which records of other scopes than authlog's are audited too.
   * @default none
   */
  includes?: (record: ReadableLogRecord) => boolean;
  /**
   * Batches that may be under way at the same time.
   * @default 4
   */
  maxInFlight?: number;
  /** How failed deliveries are repeated. */
  retry?: RetryOptions;
  /**
   * Keeps the records that are rejected for good.
   * @default they are reported, and gone
   */
  deadLetters?: DeadLetters;
}

/**
 * Keeps each audit record until the exporter confirmed it. Takes authlog's own records as they were
 * emitted, whatever an SDK's limits or an earlier processor made of them, and leaves all others alone.
 *
 * Batches start in the order of their records, at most `maxInFlight` beside one another, and one
 * alone while the receiver fails; a batch is overtaken only by those under way beside it, or after
 * it failed three times. A batch that fails for a time is tried again with growing pauses; where only
 * one record makes it fail, that one is found, and holds up no other. What does not fit into the
 * queue is counted and reported, never dropped in silence.
 *
 * @example
 * new NodeSDK({
 *   logRecordProcessors: [new AuditLogRecordProcessor({ exporter: new PangeaLogRecordExporter({ token }) })],
 * });
 */
export class AuditLogRecordProcessor implements RecordQueue {
  readonly component: Component = createComponent("authlog.AuditLogRecordProcessor");
  readonly #exporter: AnyExporter;
  readonly #includes: (record: ReadableLogRecord) => boolean;
  readonly #options: Required<BatchOptions>;
  readonly #maxInFlight: number;
  readonly #retry: Required<RetryOptions>;
  readonly #deadLetters: DeadLetters | undefined;
  readonly #clock: Clock;
  readonly #queue: BatchQueue;
  #dropped = 0;
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
  /** Resolved when one of the attempts under way, or else the next one, has ended. */
  #attemptEnd = Promise.withResolvers<void>();
  #shutdown: Promise<void> | undefined;
  #closed = false;
  /** Aborted when a shutdown waits no longer for the attempts under way. */
  readonly #abandon = new AbortController();

  constructor(options: AuditLogRecordProcessorOptions, clock: Clock = systemClock) {
    const {
      exporter,
      includes = () => false,
      maxInFlight = maxInFlightDefault,
      retry,
      deadLetters,
      ...batch
    } = options;
    this.#exporter = exporter;
    this.#includes = includes;
    this.#options = checkedOptions(batch, batchDefaults);
    this.#maxInFlight = Math.max(
      1,
      checkedOptions({ maxInFlight }, { maxInFlight: maxInFlightDefault }).maxInFlight,
    );
    this.#retry = checkedOptions(retry, retryDefaults);
    this.#deadLetters = deadLetters;
    this.#clock = clock;
    this.#queue = new BatchQueue(this.#options.maxExportBatchSize, this.#retry.giveUpAfter);
  }

  /** Takes a record that a Logger emitted. Called by the LoggerProvider. */
  onEmit(record: ReadableLogRecord): void {
    const emission = getSlot().emitting;
    const own = emission && asEmitted(emission.record, record);
    if (emission !== undefined && own !== undefined) {
      emission.taken = true;
      if (isAltered(record, own)) report(altered());
      this.#accept(own);
    } else if (this.#includes(record)) {
      this.#accept(record);
    }
  }

  /** Takes a record of authlog's that went past every LoggerProvider. */
  take(record: AuthLogRecord, spanContext?: SpanContext): void {
    this.#accept(withoutProvider(record, spanContext));
  }

  /**
   * Resolves when every record that was accepted before the call is settled, when the receiver fails,
   * or when the time is up: what is left then stays in the queue, and is tried again later. Never
   * rejects.
   *
   * @param options `timeoutMillis`, by default `exportTimeoutMillis`
   */
  async forceFlush({ timeoutMillis }: Deadlined = {}): Promise<void> {
    const deadline = deadlineIn(timeoutMillis ?? this.#options.exportTimeoutMillis);
    await this.#flush(deadline);
    deadline.cancel();
  }

  /** Unlike a flush, it does not end with a failure, but waits for the next attempts too. */
  async settle({ timeoutMillis, urgent }: QueueWait): Promise<boolean> {
    const goal = this.#queue.accepted;
    const deadline = deadlineIn(timeoutMillis);
    if (urgent) {
      this.#queue.wake();
      this.#endPause?.();
    }
    this.#wanted = Math.max(this.#wanted, goal);
    this.#pump();
    while (this.#queue.oldest <= goal && !this.#closed && !deadline.passed) {
      await Promise.race([this.#attemptEnd.promise, deadline.reached]);
    }
    deadline.cancel();
    return this.#queue.oldest > goal;
  }

  async #flush(deadline: Deadline): Promise<void> {
    for (const tell of getSlot().tellers) tell();
    const goal = this.#queue.accepted;
    const failedBefore = this.#failures;
    this.#flushing += 1;
    this.#queue.wake();
    while (this.#queue.oldest <= goal && !this.#closed && !deadline.passed) {
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

  /**
   * Flushes, then shuts the exporter down. What could not be delivered is counted and reported.
   *
   * @param options `timeoutMillis`, by default 5000: it ends by then, whatever the receiver does
   */
  shutdown({ timeoutMillis = shutdownMillis }: Deadlined = {}): Promise<void> {
    this.#shutdown ??= this.#close(deadlineIn(timeoutMillis));
    return this.#shutdown;
  }

  /** Records that wait for their confirmation. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** Records that may wait. */
  get capacity(): number {
    return this.#options.maxQueueSize;
  }

  /** Records that could not be kept, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  async #close(deadline: Deadline): Promise<void> {
    await this.#flush(deadline);
    this.#closed = true;
    this.#cancelTimer?.();
    this.#endPause?.();
    for (const cancel of this.#rests) cancel();
    while (this.#queue.underWay > 0 && !deadline.passed) {
      await Promise.race([this.#attemptEnd.promise, deadline.reached]);
    }
    if (this.depth > 0) report(incomplete(this.depth));
    // A request that hangs would keep the process from its natural end.
    this.#abandon.abort();
    await Promise.race([this.#exporter.shutdown(), deadline.reached]);
    deadline.cancel();
    getSlot().queues.delete(this);
  }

  /** From here on the record is kept, until it is settled. */
  #accept(record: ReadableLogRecord): void {
    if (this.#shutdown !== undefined || this.depth >= this.#options.maxQueueSize) {
      this.#dropped += 1;
      const lost = this.#shutdown === undefined ? full(this.#options.maxQueueSize) : shutDown();
      countProcessed(this.component, 1, lost.code);
      report(lost);
      return;
    }
    this.#queue.push(record);
    getSlot().queues.add(this);
    this.#pump();
  }

  /** Starts the batches that may start now; what does not fill one waits a little for others. */
  #pump(): void {
    const failing = this.#failuresInRow > 0;
    // A receiver that fails is asked by one batch at a time.
    const limit = failing ? 1 : this.#maxInFlight;
    while (!this.#closed && this.#endPause === undefined && this.#queue.underWay < limit) {
      const waiting = this.#queue.waiting;
      const isWanted = this.#queue.accepted - waiting < this.#wanted;
      const partial = this.#overdue || this.#flushing > 0 || isWanted;
      const batch = this.#queue.take(partial, failing);
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
    }, this.#options.scheduledDelayMillis);
  }

  #endWait(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#overdue = false;
  }

  async #attempt(batch: Batch): Promise<void> {
    const { exportTimeoutMillis } = this.#options;
    const outcome = await attemptDelivery(this.#exporter, batch.records, {
      timeoutMillis: exportTimeoutMillis,
      abandoned: this.#abandon.signal,
    });
    if (this.#abandon.signal.aborted) return;
    if (outcome.status === "retryable") this.#fail(batch, outcome);
    else this.#settle(batch, outcome);
    const end = this.#attemptEnd;
    this.#attemptEnd = Promise.withResolvers();
    end.resolve();
    this.#pump();
  }

  /** From here on the records are the receiver's, or dead letters. */
  #settle(batch: Batch, outcome: Exclude<DeliveryOutcome, { status: "retryable" }>): void {
    this.#failuresInRow = 0;
    const rejected = outcome.status === "rejected" ? outcome.records : [];
    countProcessed(this.component, batch.records.length - rejected.length);
    if (rejected.length > 0) this.#bury(batch, rejected);
    this.#queue.settle(batch);
  }

  #fail(batch: Batch, { cause, retryAfterMillis }: Retryable): void {
    this.#failures += 1;
    report(cause);
    const random = this.#clock.random();
    // A receiver that tells when to come back, or whose token is wrong, blames no record.
    const blamed =
      cause.code === "ERR_AUTHLOG_DELIVERY_RETRYABLE" && retryAfterMillis === undefined;
    switch (this.#queue.fail(batch, blamed)) {
      case "given-up":
        this.#bury(batch, [{ index: 0, cause: givenUp(batch.failures, cause) }]);
        break;
      case "suspect":
        this.#rest(batch, pauseMillis({ failures: batch.failures, random }, this.#retry));
        break;
      case "none":
        // Batches that fail beside one another are one failure of the receiver's.
        if (this.#endPause !== undefined) break;
        this.#failuresInRow += 1;
        this.#pause(
          pauseMillis({ failures: this.#failuresInRow, random, retryAfterMillis }, this.#retry),
        );
    }
  }

  #bury({ records }: Batch, rejections: readonly Rejection[]): void {
    const letters = rejections.flatMap(({ index, cause }): DeadLetter[] => {
      countProcessed(this.component, 1, cause.code);
      report(cause);
      const record = records[index];
      return record === undefined ? [] : [{ record, cause }];
    });
    this.#deadLetters?.write(letters);
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

type Retryable = Extract<DeliveryOutcome, { status: "retryable" }>;
