import type { AnyExporter } from "./attempt-delivery.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { Clock } from "./clock.ts";
import type { DeadLetters } from "./dead-letter.ts";
import type { Includes } from "./select-records.ts";
import type { Durability, JournalOptions, JournalTuning } from "./journal/journal-options.ts";
import type { WriterFiles } from "./journal/lane-writer.ts";
import type { RetryOptions } from "./retry.ts";

/** How an `AuditLogRecordProcessor` is set up. */
export interface AuditLogRecordProcessorOptions extends BatchOptions {
  /** Where the records go: a `PangeaLogRecordExporter`, or any exporter of OpenTelemetry's. */
  exporter: AnyExporter;
  /**
   * Which records are audited beside those of authlog's scope and those with a name of `eventNames`,
   * or one that begins with `authlog.`. Called for each other record that the provider has; one that
   * has no `log.record.uid` gets one.
   * @default none; the first that looks like an audit event is reported
   */
  includes?: Includes | undefined;
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
  /**
   * What it means that a record was accepted.
   * @default "process"
   */
  durability?: Durability;
  /** Where records wait for their confirmation, beyond the end of the process. */
  journal?: JournalOptions;
}

/** What a processor needs of the world around it. */
export interface ProcessorWorld {
  clock: Clock;
  /** The system calls of the journal. */
  files?: WriterFiles;
  /** Its sizes and pauses. */
  tuning?: Partial<JournalTuning>;
}
