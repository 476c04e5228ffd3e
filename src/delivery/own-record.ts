import type { AuthLogRecord, SpanContext } from "../slot.ts";
import { toHrTime } from "../telemetry/logger.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { scopeName } from "../vocabulary.ts";
import { StoredResource } from "./stored-resource.ts";

const scope = { name: scopeName } as const;
const noResource = new StoredResource();

/**
 * One of authlog's own records as it was emitted, with the span and the resource that the SDK knows;
 * `undefined` where the SDK's record is somebody else's, emitted by a processor in between.
 */
export function asEmitted(
  record: AuthLogRecord,
  seen: ReadableLogRecord,
): ReadableLogRecord | undefined {
  if (seen.instrumentationScope.name !== scopeName || seen.eventName !== record.eventName) {
    return undefined;
  }
  return ownRecord(record, seen);
}

/** One of authlog's own records that went past every LoggerProvider. */
export function withoutProvider(
  record: AuthLogRecord,
  spanContext: SpanContext | undefined,
): ReadableLogRecord {
  const hrTimeObserved = toHrTime(Date.now());
  return ownRecord(record, { spanContext, hrTimeObserved, resource: noResource });
}

/** Whether an SDK's limits, or an earlier processor, changed what the record says. */
export function isAltered(seen: ReadableLogRecord, own: ReadableLogRecord): boolean {
  const names = Object.keys(own.attributes);
  if (Object.keys(seen.attributes).length !== names.length) return true;
  // On the way of every event: without a list for each of its attributes.
  for (const name of names) {
    const before = own.attributes[name];
    const after = seen.attributes[name];
    // Lists are few and short; an SDK hands on a copy of them.
    if (before !== after && JSON.stringify(before) !== JSON.stringify(after)) return true;
  }
  return false;
}

function ownRecord(
  record: AuthLogRecord,
  seen: Pick<ReadableLogRecord, "spanContext" | "hrTimeObserved" | "resource">,
): ReadableLogRecord {
  const { eventName, timeUnixMillis, severityNumber, severityText, body, attributes } = record;
  return {
    hrTime: toHrTime(timeUnixMillis),
    hrTimeObserved: seen.hrTimeObserved,
    eventName,
    severityNumber,
    severityText,
    body,
    attributes,
    spanContext: seen.spanContext ?? record.remoteSpan,
    resource: seen.resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
  };
}
