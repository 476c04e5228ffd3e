import type { AuthlogError } from "../errors.ts";
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
import type { ReadableLogRecord, Rejection } from "../telemetry/exporter.ts";
import { countProcessed, createComponent } from "../telemetry/self-metrics.ts";
import { noteLost } from "../telemetry/unconfirmed.ts";
import { eventNames } from "../vocabulary.ts";
import { type AnyExporter, lastWordMillis } from "./attempt-delivery.ts";
import type { BatchOptions } from "./batch-options.ts";
import { isOnDisk, type Kept } from "./batch.ts";
import { checkedBatch, checkedInFlight, checkedJournal, checkedRetry } from "./checked-options.ts";
import { systemClock } from "./clock.ts";
import { DiskWait } from "./disk-wait.ts";
import { Journal } from "./journal/journal.ts";
import { durabilityDefault } from "./journal/journal-options.ts";
import { keepOnDisk } from "./keep-on-disk.ts";
import { Losses } from "./losses.ts";
import { withoutProvider } from "./own-record.ts";
import { full, incomplete, shutDown } from "./processor-errors.ts";
import type { AuditLogRecordProcessorOptions, ProcessorWorld } from "./processor-options.ts";
import { Refill } from "./refill.ts";
import { selectRecords } from "./select-records.ts";
import { Sender } from "./sender.ts";
import { shareOf } from "./share-of-room.ts";
import { spanOf } from "./span.ts";
import { whenSettled } from "./when-settled.ts";

/** How long something may take. */
interface Deadlined {
  timeoutMillis?: number;
}

/** Below the 10 seconds, or more, that whoever sends a SIGTERM lets pass until the SIGKILL. */
const shutdownMillis = 5000;

/**
 * Keeps each audit record until the exporter confirmed it. Takes authlog's own records as they were
 * emitted, whatever an SDK's limits or an earlier processor made of them. Of the others it takes those
 * that an app emits under the scope `authlog` or with a name of `eventNames`, and what `includes` says.
 *
 * A record is in the journal when `emit` returns, and stays there until it is confirmed, whoever does
 * that: what a process leaves is delivered by another one, or by the next. Only `maxQueueSize` of them
 * are held in memory too. Batches start in the order of their records; one is overtaken only by those
 * under way beside it, or after it failed three times. A batch that fails for a time is tried again
 * with growing pauses; where only one record makes it fail, that one is found, and holds up no other.
 * What cannot be kept is counted, reported, and told in the trail by an event `authlog.gap`.
 *
 * @example
 * new NodeSDK({
 *   logRecordProcessors: [new AuditLogRecordProcessor({ exporter: new PangeaLogRecordExporter({ token }) })],
 * });
 */
export class AuditLogRecordProcessor implements RecordQueue {
  readonly component: Component = createComponent("authlog.AuditLogRecordProcessor");
  readonly #exporter: AnyExporter;
  readonly #select: ReturnType<typeof selectRecords>;
  readonly #batch: Required<BatchOptions>;
  readonly #sender: Sender;
  readonly #losses: Losses;
  readonly #journal: Journal | undefined;
  readonly #tellGaps = (): void => void this.#losses.tell();
  readonly #refill: Refill | undefined;
  readonly #diskWait = new DiskWait();
  #shutdown: Promise<void> | undefined;
  #ended = false;
  #onEnd = (): void => {};
  /** Resolves when it takes nothing any more. Never rejects. */
  readonly ended: Promise<void> = new Promise((resolve) => (this.#onEnd = resolve));

  constructor(
    options: AuditLogRecordProcessorOptions,
    world: ProcessorWorld = { clock: systemClock },
  ) {
    const {
      exporter,
      includes,
      maxInFlight,
      retry,
      deadLetters,
      durability = durabilityDefault,
      journal,
      ...batch
    } = options;
    const { clock } = world;
    this.#exporter = exporter;
    this.#select = selectRecords(includes);
    this.#batch = checkedBatch(batch);
    this.#sender = new Sender(
      {
        exporter,
        batch: this.#batch,
        maxInFlight: checkedInFlight(maxInFlight),
        retry: checkedRetry(retry),
        onSettled: (kept, rejected) => this.#settle(kept, rejected),
        onEnd: () => this.#refill?.run(),
      },
      clock,
    );
    this.#losses = new Losses({
      component: this.component,
      clock,
      deadLetters,
      durable: durability === "disk",
      sink: (record) => this.take(record),
    });
    getSlot().tellers.add(this.#tellGaps);
    if (durability === "memory") return;
    this.#journal = new Journal(checkedJournal(journal), durability, {
      ...world,
      onChange: () => {
        if (this.#journal !== undefined) keepOnDisk(this.#journal, this.#sender.all);
        this.#refill?.run();
      },
      onGone: (gone) => this.#losses.add(gone),
    });
    this.#refill = new Refill(this.#journal, this.#sender, {
      batch: this.#batch,
      clock,
      onTake: () => getSlot().queues.add(this),
    });
    this.#journal.start();
  }

  /** Takes a record that a Logger emitted. Called by the LoggerProvider. */
  onEmit(record: ReadableLogRecord): void {
    const selected = this.#select(record);
    if (selected !== undefined) this.#accept(selected);
  }

  /** Takes a record of authlog's that went past every LoggerProvider. */
  take(record: AuthLogRecord, spanContext?: SpanContext): void {
    this.#accept(withoutProvider(record, spanContext));
  }

  /**
   * Resolves when every record that was accepted before the call is settled, when the receiver fails,
   * or when the time is up: what is left then is tried again later. Never rejects.
   *
   * @param options `timeoutMillis`, by default `exportTimeoutMillis`
   */
  async forceFlush({ timeoutMillis }: Deadlined = {}): Promise<void> {
    const deadline = deadlineIn(timeoutMillis ?? this.#batch.exportTimeoutMillis);
    await this.#flush(deadline);
    deadline.cancel();
  }

  /** Unlike a flush, it does not end with a failure, but waits for the next attempts too. */
  async settle({ timeoutMillis, urgent }: QueueWait): Promise<boolean> {
    const reached = whenSettled(this.#sender, this.#journal);
    const deadline = deadlineIn(timeoutMillis);
    if (urgent) this.#sender.hurry();
    await this.#sender.settle({ reached, deadline });
    await Promise.race([this.#losses.buried(), deadline.reached]);
    deadline.cancel();
    return reached();
  }

  /** See `durability: "disk"`. Undefined where nobody has to wait. */
  onDisk(timeoutMillis: number): Promise<void> | undefined {
    if (this.#journal?.durable !== true || this.#ended) return undefined;
    return this.#diskWait.end(this.#journal.onDisk(), timeoutMillis);
  }

  /**
   * Flushes, then shuts the exporter down. What could not be delivered stays in the journal; what is
   * in memory alone is counted and reported.
   *
   * @param options `timeoutMillis`, by default 5000: it ends by then, whatever the receiver does
   */
  shutdown({ timeoutMillis = shutdownMillis }: Deadlined = {}): Promise<void> {
    this.#shutdown ??= this.#close(timeoutMillis);
    return this.#shutdown;
  }

  /**
   * For the natural end of a process, which a request under way would put off: flushes, for five
   * seconds at most, and then waits for no answer any more. Never rejects.
   */
  async runDry(): Promise<void> {
    const deadline = deadlineIn(shutdownMillis);
    this.#losses.tell(true);
    await this.#flush(deadline);
    // What is refused only now has nobody else to tell of it.
    if (this.#losses.tell(true)) await this.#flush(deadline);
    deadline.cancel();
    this.#sender.cutOff();
  }

  /**
   * What is left to do when the process ends this instant: lets go of the journal, and says what is
   * lost with the memory. Nothing is sent any more.
   */
  end(): void {
    if (this.#ended) return;
    this.#journal?.look();
    this.#losses.tell(true);
    this.#losses.silence();
    this.#ended = true;
    // What the journal keeps is for the next process: a flush of this one cannot wait for it.
    if (!whenSettled(this.#sender, this.#journal)()) noteLost();
    this.#onEnd();
    const lost = this.#sender.all.filter((kept) => !isOnDisk(kept)).length;
    this.#journal?.close();
    if (lost > 0) report(incomplete(lost));
  }

  /** Records that wait for their confirmation, those on the disk included. */
  get depth(): number {
    return this.#sender.depth + (this.#journal?.unread ?? 0);
  }

  /** Records that may wait in memory. */
  get capacity(): number {
    return this.#batch.maxQueueSize;
  }

  /** Records that could not be kept, since the start. */
  get dropped(): number {
    return this.#losses.count;
  }

  async #flush(deadline: Deadline): Promise<void> {
    for (const tell of getSlot().tellers) tell();
    await this.#sender.flush({ reached: whenSettled(this.#sender, this.#journal), deadline });
    await Promise.race([this.#losses.buried(), deadline.reached]);
  }

  async #close(timeoutMillis: number): Promise<void> {
    // What is cut off then has still its last word.
    const deadline = deadlineIn(Math.max(0, timeoutMillis - lastWordMillis));
    // A provider that is shut down takes nothing, and has this processor shut down after that.
    this.#losses.tell(true);
    for (const tell of getSlot().tellers) tell();
    if (this.#journal === undefined) this.#losses.silence();
    const reached = whenSettled(this.#sender, this.#journal);
    await this.#sender.flush({ reached, deadline, last: true });
    getSlot().tellers.delete(this.#tellGaps);
    await this.#sender.close(deadline);
    this.#refill?.cancel();
    // Nobody who waits for the disk is let go before that, nor is a dead letter.
    await Promise.race([
      Promise.all([this.#diskWait.ended(), this.#losses.buried()]).then(() =>
        this.#journal?.cleared(),
      ),
      deadline.reached,
    ]);
    this.end();
    try {
      await Promise.race([this.#exporter.shutdown(), deadline.reached]);
    } finally {
      deadline.cancel();
      getSlot().queues.delete(this);
    }
  }

  /** From here on the record is kept, until it is settled. */
  #accept(record: ReadableLogRecord): void {
    const late = this.#shutdown !== undefined && record.eventName !== eventNames.gap;
    if (late || this.#ended) return this.#drop(record, shutDown());
    const share = shareOf(record);
    const hasRoom = this.#sender.load < this.#batch.maxQueueSize * share;
    const appended = this.#journal?.append(record, hasRoom ? "could" : "no", share);
    if (appended?.status === "full") return this.#drop(record, appended.cause);
    getSlot().queues.add(this);
    if (appended?.status === "kept") {
      if (appended.retained) this.#sender.take([{ record, position: appended.position }]);
    } else if (hasRoom) {
      this.#sender.take([{ record }]);
    } else {
      this.#drop(record, full(this.#batch.maxQueueSize));
    }
  }

  #drop(record: ReadableLogRecord, cause: AuthlogError): void {
    this.#losses.add({ cause, count: 1, span: spanOf(record) });
  }

  /** From here on the records are the receiver's, or dead letters. */
  #settle(kept: readonly Kept[], rejected: readonly Rejection[]): void {
    countProcessed(this.component, kept.length - rejected.length);
    const dead = rejected.flatMap(({ index }) => kept[index] ?? []);
    const onKept = (): void => {
      this.#confirm(dead);
      this.#sender.lookAgain();
    };
    if (rejected.length > 0) this.#losses.bury(kept, rejected, onKept);
    this.#confirm(kept.filter((one) => !dead.includes(one)));
  }

  #confirm(kept: readonly Kept[]): void {
    this.#journal?.confirm(kept.flatMap(({ position }) => position ?? []));
  }
}
