import type { AuthlogError } from "../errors.ts";
import type { SpanContext } from "../slot.ts";

/**
 * The parts of the OpenTelemetry SDK that authlog meets, as structural types: nothing of the SDK is
 * imported at run time, so one build serves the 2.x and the 3.x line, and several copies of either.
 */

/** Seconds and nanoseconds since 1970, as the SDK keeps time. */
export type HrTime = [seconds: number, nanos: number];

/** A log record as an SDK hands it to processors and exporters. Its fields may be getters. */
export interface ReadableLogRecord {
  readonly hrTime: HrTime;
  /** When OpenTelemetry saw the event: a stock exporter throws for a record without it. */
  readonly hrTimeObserved: HrTime;
  readonly eventName?: string | undefined;
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  readonly body?: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The span that was active when the record was emitted. */
  readonly spanContext?: SpanContext | undefined;
  readonly resource: Resource;
  /** One object for all records of a scope: exporters group by it. */
  readonly instrumentationScope: InstrumentationScope;
  /** Attributes that a limit left out. */
  readonly droppedAttributesCount: number;
}

/** What a record is of. One object for all records of a provider: exporters group by it. */
export interface Resource {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly schemaUrl?: string | undefined;
}

/** What emitted a record. */
export interface InstrumentationScope {
  readonly name: string;
  readonly version?: string | undefined;
  readonly schemaUrl?: string | undefined;
}

/** What an exporter reports to a stock processor: code 0 is success, 1 is failure. */
export interface ExportResult {
  code: 0 | 1;
  error?: Error;
}

/** OpenTelemetry's exporter of log records, of either line. */
export interface LogRecordExporter {
  export(records: ReadableLogRecord[], resultCallback: (result: ExportResult) => void): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A record that can never be delivered as it is. `index` points into the batch handed in. */
export interface Rejection {
  index: number;
  cause: AuthlogError;
}

/** A record that needs no other attempt: delivered, or refused for good where there is a cause. */
export interface Settled {
  /** Place in the batch handed in. */
  index: number;
  cause?: AuthlogError;
}

/** A delivery that is to be tried again. */
export interface Retryable {
  status: "retryable";
  cause: AuthlogError;
  retryAfterMillis?: number;
  /** Whether the destination may have taken the records all the same: it gave no clear answer. */
  unclear?: boolean;
  /** What is settled all the same, where a batch took several requests: only the others are tried again. */
  settled?: readonly Settled[];
}

/**
 * What became of one delivery.
 * `rejected.records` are the ones that the destination refuses for good; all others of that batch
 * were delivered.
 */
export type DeliveryOutcome =
  | { status: "delivered" }
  | Retryable
  | { status: "rejected"; records: readonly Rejection[] };

/** An exporter that says more than success or failure. It never rejects. */
export interface DeliveringExporter extends LogRecordExporter {
  /**
   * Delivers one batch, or says why not.
   *
   * @param signal aborts the attempt; what was under way is then `retryable`.
   * @param mayBeThere those of the records that somebody else may have delivered before: a process
   *   that died, or that made them dead letters. What became of its own attempts an exporter knows by
   *   itself.
   */
  deliver(
    records: readonly ReadableLogRecord[],
    signal?: AbortSignal,
    mayBeThere?: ReadonlySet<ReadableLogRecord>,
  ): Promise<DeliveryOutcome>;
}
