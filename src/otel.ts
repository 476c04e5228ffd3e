export {
  AuditLogRecordProcessor,
  type AuditLogRecordProcessorOptions,
} from "./delivery/audit-log-record-processor.ts";
export type { BatchOptions } from "./delivery/batch-options.ts";
export {
  PangeaLogRecordExporter,
  type PangeaExporterOptions,
} from "./pangea/pangea-log-record-exporter.ts";
export type { AuthlogOptions } from "./setup/config.ts";
export type { PrivateAttribute } from "./setup/capture-config.ts";
export { auditProcessor } from "./setup/processor.ts";
export { pseudonymsOf } from "./setup/pseudonyms-of.ts";
export type {
  DeliveringExporter,
  DeliveryOutcome,
  LogRecordExporter,
  ReadableLogRecord,
  Rejection,
} from "./telemetry/exporter.ts";
