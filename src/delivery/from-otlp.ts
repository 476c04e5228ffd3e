import { isDeepStrictEqual } from "node:util";
import type { SpanContext } from "../slot.ts";
import type { HrTime, InstrumentationScope, ReadableLogRecord } from "../telemetry/exporter.ts";
import { StoredResource } from "./stored-resource.ts";

/**
 * The record that `otlpMembers` wrote; `undefined` for anything else. The bytes of a journal are
 * trusted no further than a request's: whoever can write to its folder can write what they like.
 */
export function fromOtlp(otlp: unknown): ReadableLogRecord | undefined {
  try {
    return readLogs(otlp);
  } catch (error) {
    if (error instanceof NotOtlp) return undefined;
    throw error;
  }
}

class NotOtlp extends Error {}

/** Deeper than `toPlain` ever writes. */
const maxDepth = 20;

function readLogs(otlp: unknown): ReadableLogRecord {
  const resourceLogs = only(member(otlp, "resourceLogs"));
  const scopeLogs = only(member(resourceLogs, "scopeLogs"));
  const record = only(member(scopeLogs, "logRecords"));
  const body = member(record, "body");
  const spanContext = readSpan(record);
  const time = member(record, "timeUnixNano");
  return {
    hrTime: readTime(time),
    hrTimeObserved: readTime(member(record, "observedTimeUnixNano") ?? time),
    eventName: optional(member(record, "eventName"), "string"),
    severityNumber: optional(member(record, "severityNumber"), "number"),
    severityText: optional(member(record, "severityText"), "string"),
    ...(body !== undefined && { body: readAnyValue(body, maxDepth) }),
    attributes: readKeyValues(member(record, "attributes"), maxDepth),
    ...(spanContext && { spanContext }),
    ...sharedOrigin({
      resource: readResource(resourceLogs),
      instrumentationScope: readScope(scopeLogs),
    }),
    droppedAttributesCount: optional(member(record, "droppedAttributesCount"), "number") ?? 0,
  };
}

/** Where a record is from. */
type Origin = Pick<ReadableLogRecord, "resource" | "instrumentationScope">;

let latest: Origin | undefined;

/** Neighbours in a file are of one origin, and get one object: exporters group records by it. */
function sharedOrigin(origin: Origin): Origin {
  if (latest === undefined || !isDeepStrictEqual(origin, latest)) latest = origin;
  return latest;
}

function readResource(resourceLogs: unknown): StoredResource {
  const attributes = member(member(resourceLogs, "resource"), "attributes");
  const schemaUrl = optional(member(resourceLogs, "schemaUrl"), "string");
  return new StoredResource(readKeyValues(attributes, maxDepth), schemaUrl);
}

function readScope(scopeLogs: unknown): InstrumentationScope {
  const scope = member(scopeLogs, "scope");
  return {
    name: required(member(scope, "name"), "string"),
    version: optional(member(scope, "version"), "string"),
    schemaUrl: optional(member(scopeLogs, "schemaUrl"), "string"),
  };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) throw new NotOtlp();
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function only(value: unknown): unknown {
  const list = listOf(value);
  if (list.length !== 1) throw new NotOtlp();
  return list[0];
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new NotOtlp();
  return value;
}

interface Types {
  string: string;
  number: number;
  boolean: boolean;
}

function required<T extends keyof Types>(value: unknown, type: T): Types[T] {
  // oxlint-disable-next-line valid-typeof -- one of the three names above
  if (typeof value !== type) throw new NotOtlp();
  return value as Types[T];
}

function optional<T extends keyof Types>(value: unknown, type: T): Types[T] | undefined {
  return value === undefined ? undefined : required(value, type);
}

function readTime(value: unknown): HrTime {
  const text = required(value, "string");
  if (!/^\d{1,20}$/.test(text)) throw new NotOtlp();
  const seconds = BigInt(text) / 1_000_000_000n;
  return [Number(seconds), Number(BigInt(text) - seconds * 1_000_000_000n)];
}

function readSpan(record: unknown): SpanContext | undefined {
  const traceId = optional(member(record, "traceId"), "string");
  const spanId = optional(member(record, "spanId"), "string");
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: optional(member(record, "flags"), "number") ?? 0 };
}

function readKeyValues(value: unknown, depth: number): Record<string, unknown> {
  const pairs = listOf(value).map((pair) => [
    required(member(pair, "key"), "string"),
    readAnyValue(member(pair, "value"), depth),
  ]);
  // Defines the members one by one: `__proto__` becomes an ordinary key.
  return Object.fromEntries(pairs) as Record<string, unknown>;
}

function readAnyValue(value: unknown, depth: number): unknown {
  if (depth === 0) throw new NotOtlp();
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue } =
    anyValueOf(value);
  if (stringValue !== undefined) return required(stringValue, "string");
  if (boolValue !== undefined) return required(boolValue, "boolean");
  if (intValue !== undefined) return readInteger(intValue);
  if (doubleValue !== undefined) return required(doubleValue, "number");
  if (arrayValue !== undefined) {
    return listOf(member(arrayValue, "values")).map((item) => readAnyValue(item, depth - 1));
  }
  if (kvlistValue !== undefined) return readKeyValues(member(kvlistValue, "values"), depth - 1);
  return null;
}

function anyValueOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new NotOtlp();
  return value as Readonly<Record<string, unknown>>;
}

function readInteger(value: unknown): number {
  const integer = Number(required(value, "string"));
  if (!Number.isSafeInteger(integer)) throw new NotOtlp();
  return integer;
}
