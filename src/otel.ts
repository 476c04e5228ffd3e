export type {
  AuditEvent,
  AuditField,
  AuditRecord,
  AuditSchema,
  SchemaContext,
  SchemaResult,
} from "./audit-schema/audit-schema.ts";
export {
  defineSchema,
  type FieldValue,
  type SchemaDefinition,
} from "./audit-schema/define-schema.ts";
export { standardSchema } from "./audit-schema/standard.ts";
export { tutorialSchema, tutorialWithIdsSchema } from "./audit-schema/tutorial.ts";
export { AuditLogRecordProcessor } from "./delivery/audit-log-record-processor.ts";
export type { AuditLogRecordProcessorOptions } from "./delivery/processor-options.ts";
export type { BatchOptions } from "./delivery/batch-options.ts";
export {
  type DeadLetter,
  deadLetterFile,
  type DeadLetterFileOptions,
  type DeadLetters,
} from "./delivery/dead-letter.ts";
export type { Durability, JournalOptions, OnFull } from "./delivery/journal/journal-options.ts";
export type { RetryOptions } from "./delivery/retry.ts";
export {
  PangeaLogRecordExporter,
  type PangeaExporterOptions,
} from "./pangea/pangea-log-record-exporter.ts";
export type { AuthlogOptions } from "./setup/authlog-options.ts";
export type { PrivateAttribute } from "./setup/capture-config.ts";
export { auditProcessor } from "./setup/processor.ts";
export { pseudonymsOf } from "./setup/pseudonyms-of.ts";
export type {
  DeliveringExporter,
  DeliveryOutcome,
  LogRecordExporter,
  ReadableLogRecord,
  Rejection,
  Retryable,
  Settled,
} from "./telemetry/exporter.ts";
