import type { AuditRecord } from "../audit-schema/audit-schema.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";

/**
 * What a schema reads of a log record. The record's fields are getters, of an object that belongs
 * to the SDK: each is read once, and the record is neither spread nor printed.
 */
export function toAuditRecord(record: ReadableLogRecord): AuditRecord {
  const [seconds, nanos] = record.hrTime;
  const { spanContext } = record;
  const resource = record.resource.attributes;
  return {
    eventName: record.eventName,
    timeUnixMillis: seconds * 1_000 + Math.trunc(nanos / 1_000_000),
    body: record.body,
    attributes: record.attributes,
    traceId: spanContext?.traceId,
    spanId: spanContext?.spanId,
    serviceName: textOf(resource["service.name"]),
    serviceVersion: textOf(resource["service.version"]),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
