import { AuthlogError } from "../errors.ts";
import { type AuthLogRecord, getSlot } from "../slot.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { DeliveryOutcome, ReadableLogRecord, SpanContext } from "../telemetry/exporter.ts";
import { type AnyExporter, attemptDelivery } from "./attempt-delivery.ts";
import { batchDefaults, type BatchOptions } from "./batch-options.ts";
import { type Clock, systemClock } from "./clock.ts";
import { asEmitted, isAltered, withoutProvider } from "./own-record.ts";
import { pauseMillis } from "./retry.ts";

/** How an {@link AuditLogRecordProcessor} is set up. */
export interface AuditLogRecordProcessorOptions extends BatchOptions {
  /** Where the records go: a `PangeaLogRecordExporter`, or any exporter of OpenTelemetry's. */
  exporter: AnyExporter;
  /**
   * Which records of other scopes than authlog's are audited too.
   * @default none
   */
  includes?: (record: ReadableLogRecord) => boolean;
}

/**
 * Keeps each audit record until the exporter confirmed it. Takes authlog's own records as they were
 * emitted, whatever an SDK's limits or an earlier processor made of them, and leaves all others alone.
 *
 * One batch is under way at a time, and its records stay in the queue until they are confirmed, so
 * the order of events is kept. A batch that fails for a time is tried again with growing pauses.
 * What does not fit into the queue is counted and reported, never dropped in silence.
 *
 * @example
 * new NodeSDK({
 *   logRecordProcessors: [new AuditLogRecordProcessor({ exporter: new PangeaLogRecordExporter({ token }) })],
 * });
 */
export class AuditLogRecordProcessor {
  readonly #exporter: AnyExporter;
  readonly #includes: (record: ReadableLogRecord) => boolean;
  readonly #options: Required<BatchOptions>;
  readonly #clock: Clock;
  /** Accepted and not yet confirmed, in order; the first ones may be under way. */
  readonly #queue: ReadableLogRecord[] = [];
  /** How many records have left the queue, since the start. */
  #settled = 0;
  #dropped = 0;
  /** Whether batches are being delivered right now, or a pause between two attempts runs. */
  #delivering = false;
  /** Takes back the timer that starts the delivery of a batch that is not full. */
  #cancelTimer: (() => void) | undefined;
  /** Ends the pause between two attempts. */
  #endPause: (() => void) | undefined;
  /** How many callers wait for a flush: while there are any, nothing waits for a full batch. */
  #flushing = 0;
  /** Resolved when the attempt under way, or else the next one, has ended, with its success. */
  #attemptEnd = Promise.withResolvers<boolean>();
  #shutdown: Promise<void> | undefined;
  #closed = false;

  constructor(options: AuditLogRecordProcessorOptions, clock: Clock = systemClock) {
    const { exporter, includes = () => false, ...batch } = options;
    this.#exporter = exporter;
    this.#includes = includes;
    this.#options = { ...batchDefaults, ...batch };
    this.#clock = clock;
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
   * Resolves when every record that was accepted before the call is confirmed, or when an attempt
   * failed: what is left then stays in the queue, and is tried again later. Never rejects.
   */
  async forceFlush(): Promise<void> {
    for (const tell of getSlot().tellers) tell();
    const goal = this.#settled + this.#queue.length;
    this.#flushing += 1;
    while (this.#settled < goal && !this.#closed) {
      this.#endPause?.();
      this.#schedule();
      if (!(await this.#attemptEnd.promise)) break;
    }
    this.#flushing -= 1;
  }

  /** Flushes, then shuts the exporter down. What could not be delivered is counted and reported. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#close();
    return this.#shutdown;
  }

  /** Records that wait for their confirmation. */
  get depth(): number {
    return this.#queue.length;
  }

  /** Records that could not be kept, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  async #close(): Promise<void> {
    await this.forceFlush();
    this.#closed = true;
    this.#cancelTimer?.();
    this.#endPause?.();
    this.#attemptEnd.resolve(false);
    if (this.#queue.length > 0) report(incomplete(this.#queue.length));
    await this.#exporter.shutdown();
  }

  /** From here on the record is kept, until `#confirm` lets it go. */
  #accept(record: ReadableLogRecord): void {
    if (this.#shutdown !== undefined || this.#queue.length >= this.#options.maxQueueSize) {
      this.#dropped += 1;
      report(this.#shutdown === undefined ? full(this.#options.maxQueueSize) : closed());
      return;
    }
    this.#queue.push(record);
    this.#schedule();
  }

  /** Starts the delivery: at once where a batch is full or somebody waits, else a little later. */
  #schedule(): void {
    if (this.#delivering || this.#queue.length === 0 || this.#closed) return;
    if (this.#isDue()) {
      void this.#deliver();
    } else {
      this.#cancelTimer ??= this.#clock.schedule(
        () => void this.#deliver(),
        this.#options.scheduledDelayMillis,
      );
    }
  }

  #isDue(): boolean {
    const { length } = this.#queue;
    return length >= this.#options.maxExportBatchSize || (length > 0 && this.#flushing > 0);
  }

  async #deliver(): Promise<void> {
    this.#delivering = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { maxExportBatchSize, exportTimeoutMillis } = this.#options;
    let failures = 0;
    do {
      const batch = this.#queue.slice(0, maxExportBatchSize);
      const outcome = await attemptDelivery(this.#exporter, batch, exportTimeoutMillis);
      const end = this.#attemptEnd;
      this.#attemptEnd = Promise.withResolvers();
      if (outcome.status === "retryable") {
        failures += 1;
        report(outcome.cause);
        end.resolve(false);
        const millis = pauseMillis(failures, this.#clock.random(), outcome.retryAfterMillis);
        await this.#pause(millis);
      } else {
        failures = 0;
        this.#confirm(batch.length, outcome);
        end.resolve(true);
      }
    } while (!this.#closed && (failures > 0 || this.#isDue()));
    this.#delivering = false;
    this.#schedule();
  }

  /** From here on the records are the receiver's, or rejected for good: said, one by one. */
  #confirm(count: number, outcome: Exclude<DeliveryOutcome, { status: "retryable" }>): void {
    this.#queue.splice(0, count);
    this.#settled += count;
    if (outcome.status === "rejected") for (const { cause } of outcome.records) report(cause);
  }

  async #pause(millis: number): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.schedule(resolve, millis);
    this.#endPause = resolve;
    await promise;
    this.#endPause = undefined;
    cancel();
  }
}

function full(maxQueueSize: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_QUEUE_FULL", {
    message: "An audit record was dropped: the queue is full.",
    why: `${maxQueueSize} records wait for a receiver that does not keep up, or does not answer.`,
    fix: "Look at the receiver, or raise OTEL_BLRP_MAX_QUEUE_SIZE.",
  });
}

function closed(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_PROCESSOR_SHUT_DOWN", {
    message: "An audit record was dropped: the processor was shut down before.",
    why: "The event happened after the SDK's shutdown().",
    fix: "Shut the SDK down last, when the server takes no more requests.",
  });
}

function incomplete(count: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_SHUTDOWN_INCOMPLETE", {
    message: `The process ended with ${count} audit records that were not delivered.`,
    why: "The receiver did not take them before the shutdown.",
    fix: "Look at the receiver; what the exporter reported before says why it failed.",
  });
}

function altered(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_RECORD_ALTERED", {
    message: "An audit record was changed on its way; authlog delivers it as it was emitted.",
    why: "An attribute limit of the SDK, or a processor in front of authlog's, changed its attributes.",
    fix: "Raise OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT, or register auditProcessor() first.",
  });
}
