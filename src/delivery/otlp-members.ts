import { type Plain, read, toPlain } from "../audit-schema/plain.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";

/** How much of a record is written. */
export interface OtlpLimits {
  /**
   * The most that a list of attributes takes, in characters: those that find no room keep their name,
   * and those that find none for that either are counted, as OTLP does.
   */
  mostUnits: number;
}

/**
 * A log record as OTLP/JSON, so that what lies on the disk can be read by whatever reads
 * OpenTelemetry's: the members of an `ExportLogsServiceRequest` of
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, with one record, for an object
 * that has some more.
 *
 * What JSON cannot hold is written as `toPlain` tells it; what is not of the type that OTLP has for
 * it is left out, so that `fromOtlp` reads all that is written. Never throws, whatever a foreign
 * record is made of.
 *
 * @example
 * otlpMembers(record); // "resourceLogs":[{"resource":{…},"scopeLogs":[{"scope":{…},"logRecords":[{…}]}]}]
 */
export function otlpMembers(
  record: ReadableLogRecord,
  { mostUnits }: OtlpLimits = { mostUnits: Infinity },
): string {
  const scope = objectOf(read(record, "instrumentationScope"));
  const scopeText = JSON.stringify({
    name: textOf(read(scope, "name")) ?? "",
    version: textOf(read(scope, "version")),
  });
  const resource = objectOf(read(record, "resource"));
  const attributes = objectOf(read(resource, "attributes"));
  const recordText = JSON.stringify(logRecord(record, mostUnits));
  const scopeLogs = `{"scope":${scopeText},"logRecords":[${recordText}]${schemaUrlOf(scope)}}`;
  return `"resourceLogs":[{"resource":${resourceText(attributes, mostUnits)},"scopeLogs":[${scopeLogs}]${schemaUrlOf(resource)}}]`;
}

/** The member behind others, or nothing. */
function schemaUrlOf(holder: object): string {
  const schemaUrl = textOf(read(holder, "schemaUrl"));
  return schemaUrl === undefined ? "" : `,"schemaUrl":${JSON.stringify(schemaUrl)}`;
}

/** All records of a provider have the same resource: its text is made once. */
const resourceTexts = new WeakMap<object, string>();

function resourceText(resource: object, mostUnits: number): string {
  const known = mostUnits === Infinity ? resourceTexts.get(resource) : undefined;
  if (known !== undefined) return known;
  const text = JSON.stringify(attributesOf(resource, mostUnits));
  if (mostUnits === Infinity) resourceTexts.set(resource, text);
  return text;
}

/** OTLP's `LogRecord`. What is `undefined` is not written. */
function logRecord(record: ReadableLogRecord, mostUnits: number): object {
  const severityNumber = read(record, "severityNumber");
  const body = toPlain(read(record, "body"));
  const { attributes, droppedAttributesCount } = attributesOf(
    read(record, "attributes"),
    mostUnits,
  );
  const dropped = droppedAttributesCount ?? 0;
  const before = read(record, "droppedAttributesCount");
  const droppedBefore = isWhole(before, 0xffff_ffff - dropped) ? before : 0;
  const timeUnixNano = toNanos(read(record, "hrTime"));
  const observed = toNanos(read(record, "hrTimeObserved"));
  const span = spanOf(objectOf(read(record, "spanContext")));
  return {
    attributes,
    droppedAttributesCount: droppedBefore > 0 ? droppedBefore + dropped : droppedAttributesCount,
    timeUnixNano,
    observedTimeUnixNano: observed === "0" ? timeUnixNano : observed,
    eventName: textOf(read(record, "eventName")),
    severityNumber: isWhole(severityNumber, 24) ? severityNumber : undefined,
    severityText: textOf(read(record, "severityText")),
    body: body === undefined ? undefined : anyValue(body),
    traceId: span?.traceId,
    spanId: span?.spanId,
    flags: span?.flags,
  };
}

/** What is no time that OTLP could hold, in nanoseconds since 1970, is written as 0: unknown. */
function toNanos(hrTime: unknown): string {
  const [seconds, nanos]: unknown[] = Array.isArray(hrTime) ? hrTime : [];
  if (!Number.isSafeInteger(seconds) || !Number.isFinite(nanos)) return "0";
  const time = BigInt(Number(seconds)) * 1_000_000_000n + BigInt(Math.trunc(Number(nanos)));
  return String(time === BigInt.asUintN(64, time) ? time : 0n);
}

function spanOf(context: object): { traceId: string; spanId: string; flags: number } | undefined {
  const traceId = read(context, "traceId");
  const spanId = read(context, "spanId");
  const flags = read(context, "traceFlags");
  if (!isHex(traceId, 32) || !isHex(spanId, 16)) return undefined;
  return { traceId, spanId, flags: isWhole(flags, 0xffff_ffff) ? flags : 0 };
}

/** OTLP's `KeyValue`. */
interface KeyValue {
  readonly key: Plain | undefined;
  readonly value: object;
}

/** A list of attributes, as a resource and a record have it. */
interface Attributes {
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number | undefined;
}

function attributesOf(attributes: unknown, mostUnits: number): Attributes {
  const members = objectOf(attributes);
  const all: KeyValue[] = [];
  for (const key of keysOf(members)) {
    const plain = toPlain(read(members, key));
    if (plain !== undefined) all.push({ key: toPlain(key), value: anyValue(plain) });
  }
  return mostUnits === Infinity
    ? { attributes: all, droppedAttributesCount: undefined }
    : fitting(all, mostUnits);
}

const tooLarge = { stringValue: "[too large]" };

function fitting(all: readonly KeyValue[], mostUnits: number): Attributes {
  let left = mostUnits;
  const fits = (attribute: KeyValue): boolean => {
    // A comma is behind it.
    const units = JSON.stringify(attribute).length + 1;
    if (units > left) return false;
    left -= units;
    return true;
  };
  const attributes = all.flatMap((attribute) => {
    const named = { ...attribute, value: tooLarge };
    return [attribute, named].find(fits) ?? [];
  });
  return { attributes, droppedAttributesCount: all.length - attributes.length };
}

/** OTLP's `AnyValue`: an object of just one member; null has none. */
function anyValue(plain: Plain): object {
  if (typeof plain === "string") return { stringValue: plain };
  if (typeof plain === "boolean") return { boolValue: plain };
  if (typeof plain === "number") {
    // A 64-bit integer is written as text.
    return Number.isSafeInteger(plain) ? { intValue: String(plain) } : { doubleValue: plain };
  }
  if (plain === null) return {};
  if (Array.isArray(plain)) return { arrayValue: { values: plain.map(anyValue) } };
  const pairs = Object.entries(plain).map(([key, value]) => ({ key, value: anyValue(value) }));
  return { kvlistValue: { values: pairs } };
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
