import { type Plain, read, toPlain } from "../audit-schema/plain.ts";
import type { SpanContext } from "../slot.ts";
import type { HrTime, ReadableLogRecord } from "../telemetry/exporter.ts";

/**
 * A log record as OTLP/JSON, so that what lies on the disk can be read by whatever reads
 * OpenTelemetry's: `ExportLogsServiceRequest` of
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, with one record.
 */
export interface OtlpLogs {
  resourceLogs: [
    {
      resource: { attributes: KeyValue[] };
      scopeLogs: [
        { scope: { name: string; version?: string | undefined }; logRecords: [OtlpLogRecord] },
      ];
    },
  ];
}

interface OtlpLogRecord {
  timeUnixNano: string;
  eventName?: string | undefined;
  severityNumber?: number | undefined;
  severityText?: string | undefined;
  body?: AnyValue | undefined;
  attributes: KeyValue[];
  traceId?: string;
  spanId?: string;
  flags?: number;
}

interface KeyValue {
  key: string;
  value: AnyValue;
}

/** Just one member; none of them is null. */
interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  /** A 64-bit integer, as text. */
  intValue?: string;
  doubleValue?: number;
  arrayValue?: { values: AnyValue[] };
  kvlistValue?: { values: KeyValue[] };
}

/**
 * The record as OTLP/JSON. What JSON cannot hold is written as `toPlain` tells it; what is not of
 * the type that OTLP has for it is left out, so that {@link fromOtlp} reads all that is written.
 * Never throws, whatever a foreign record is made of.
 */
export function toOtlp(record: ReadableLogRecord): OtlpLogs {
  const scope = objectOf(read(record, "instrumentationScope"));
  const severityNumber = read(record, "severityNumber");
  const body = toPlain(read(record, "body"));
  return {
    resourceLogs: [
      {
        resource: {
          attributes: toKeyValues(read(objectOf(read(record, "resource")), "attributes")),
        },
        scopeLogs: [
          {
            scope: {
              name: textOf(read(scope, "name")) ?? "",
              version: textOf(read(scope, "version")),
            },
            logRecords: [
              {
                timeUnixNano: toNanos(read(record, "hrTime")),
                eventName: textOf(read(record, "eventName")),
                severityNumber: isWhole(severityNumber, 24) ? severityNumber : undefined,
                severityText: textOf(read(record, "severityText")),
                body: body === undefined ? undefined : toAnyValue(body),
                attributes: toKeyValues(read(record, "attributes")),
                ...toSpan(objectOf(read(record, "spanContext"))),
              },
            ],
          },
        ],
      },
    ],
  };
}

/**
 * The record that {@link toOtlp} wrote; `undefined` for anything else. The bytes of a journal are
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

/** What is no time that OTLP could hold, in nanoseconds since 1970, is written as 0: unknown. */
function toNanos(hrTime: unknown): string {
  const [seconds, nanos]: unknown[] = Array.isArray(hrTime) ? hrTime : [];
  if (!Number.isSafeInteger(seconds) || !Number.isFinite(nanos)) return "0";
  const time = BigInt(Number(seconds)) * 1_000_000_000n + BigInt(Math.trunc(Number(nanos)));
  return String(time === BigInt.asUintN(64, time) ? time : 0n);
}

function toSpan(context: object): Pick<OtlpLogRecord, "traceId" | "spanId" | "flags"> {
  const [traceId, spanId] = [read(context, "traceId"), read(context, "spanId")];
  const flags = read(context, "traceFlags");
  if (!isHex(traceId, 32) || !isHex(spanId, 16)) return {};
  return { traceId, spanId, flags: isWhole(flags, 0xffff_ffff) ? flags : 0 };
}

function toKeyValues(attributes: unknown): KeyValue[] {
  const members = objectOf(attributes);
  const pairs: KeyValue[] = [];
  for (const key of keysOf(members)) {
    const plain = toPlain(read(members, key));
    if (plain !== undefined) pairs.push({ key: textOf(key) ?? "", value: toAnyValue(plain) });
  }
  return pairs;
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** A proxy's trap can throw. */
function keysOf(value: object): string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}

function textOf(value: unknown): string | undefined {
  const plain = typeof value === "string" ? toPlain(value) : undefined;
  return typeof plain === "string" ? plain : undefined;
}

function isWhole(value: unknown, greatest: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= greatest;
}

function isHex(value: unknown, length: number): value is string {
  return typeof value === "string" && value.length === length && /^[0-9a-f]+$/i.test(value);
}

function toAnyValue(plain: Plain): AnyValue {
  if (typeof plain === "string") return { stringValue: plain };
  if (typeof plain === "boolean") return { boolValue: plain };
  if (typeof plain === "number") {
    return Number.isSafeInteger(plain) ? { intValue: String(plain) } : { doubleValue: plain };
  }
  if (plain === null) return {};
  if (Array.isArray(plain)) return { arrayValue: { values: plain.map(toAnyValue) } };
  const values = Object.entries(plain).map(([key, value]) => ({ key, value: toAnyValue(value) }));
  return { kvlistValue: { values } };
}

class NotOtlp extends Error {}

/** Deeper than `toPlain` ever writes. */
const maxDepth = 20;

function readLogs(otlp: unknown): ReadableLogRecord {
  const resourceLogs = only(member(otlp, "resourceLogs"));
  const scopeLogs = only(member(resourceLogs, "scopeLogs"));
  const record = only(member(scopeLogs, "logRecords"));
  const scope = member(scopeLogs, "scope");
  const body = member(record, "body");
  const spanContext = readSpan(record);
  return {
    hrTime: readTime(member(record, "timeUnixNano")),
    eventName: optional(member(record, "eventName"), "string"),
    severityNumber: optional(member(record, "severityNumber"), "number"),
    severityText: optional(member(record, "severityText"), "string"),
    ...(body !== undefined && { body: readAnyValue(body, maxDepth) }),
    attributes: readKeyValues(member(record, "attributes"), maxDepth),
    ...(spanContext && { spanContext }),
    resource: {
      attributes: readKeyValues(member(member(resourceLogs, "resource"), "attributes"), maxDepth),
    },
    instrumentationScope: {
      name: required(member(scope, "name"), "string"),
      version: optional(member(scope, "version"), "string"),
    },
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
