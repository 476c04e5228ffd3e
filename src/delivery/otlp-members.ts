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
 * record is made of. The text is put together by hand, in half the time that objects for
 * `JSON.stringify` would take: a login waits for it.
 *
 * @example
 * otlpMembers(record); // "resourceLogs":[{"resource":{…},"scopeLogs":[{"scope":{…},"logRecords":[{…}]}]}]
 */
export function otlpMembers(
  record: ReadableLogRecord,
  { mostUnits }: OtlpLimits = { mostUnits: Infinity },
): string {
  const scope = objectOf(read(record, "instrumentationScope"));
  const resource = objectOf(read(objectOf(read(record, "resource")), "attributes"));
  const scopeText = `{"name":${quoted(textOf(read(scope, "name")) ?? "")}${memberText("version", textOf(read(scope, "version")))}}`;
  const recordText = `{${attributesText(read(record, "attributes"), mostUnits)}${membersText(record)}}`;
  return `"resourceLogs":[{"resource":{${resourceText(resource, mostUnits)}},"scopeLogs":[{"scope":${scopeText},"logRecords":[${recordText}]}]}]`;
}

/** All records of a provider have the same resource: its text is made once. */
const resourceTexts = new WeakMap<object, string>();

function resourceText(resource: object, mostUnits: number): string {
  if (mostUnits !== Infinity) return attributesText(resource, mostUnits);
  const known = resourceTexts.get(resource);
  if (known !== undefined) return known;
  const text = inOnePiece(attributesText(resource, mostUnits));
  resourceTexts.set(resource, text);
  return text;
}

/** A text that was put together is a tree of its parts, walked at each use. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString();
}

function membersText(record: ReadableLogRecord): string {
  const severityNumber = read(record, "severityNumber");
  const body = toPlain(read(record, "body"));
  return (
    memberText("timeUnixNano", toNanos(read(record, "hrTime"))) +
    memberText("eventName", textOf(read(record, "eventName"))) +
    memberText("severityNumber", isWhole(severityNumber, 24) ? severityNumber : undefined) +
    memberText("severityText", textOf(read(record, "severityText"))) +
    (body === undefined ? "" : `,"body":${valueText(body)}`) +
    spanText(objectOf(read(record, "spanContext")))
  );
}

/** A member that stands behind another one; nothing where it is not there. */
function memberText(name: string, value: string | number | undefined): string {
  if (value === undefined) return "";
  return `,"${name}":${typeof value === "string" ? quoted(value) : value}`;
}

/** What is no time that OTLP could hold, in nanoseconds since 1970, is written as 0: unknown. */
function toNanos(hrTime: unknown): string {
  const [seconds, nanos]: unknown[] = Array.isArray(hrTime) ? hrTime : [];
  if (!Number.isSafeInteger(seconds) || !Number.isFinite(nanos)) return "0";
  const time = BigInt(Number(seconds)) * 1_000_000_000n + BigInt(Math.trunc(Number(nanos)));
  return String(time === BigInt.asUintN(64, time) ? time : 0n);
}

function spanText(context: object): string {
  const [traceId, spanId] = [read(context, "traceId"), read(context, "spanId")];
  const flags = read(context, "traceFlags");
  if (!isHex(traceId, 32) || !isHex(spanId, 16)) return "";
  const known = isWhole(flags, 0xffff_ffff) ? flags : 0;
  return `${memberText("traceId", traceId)}${memberText("spanId", spanId)}${memberText("flags", known)}`;
}

const tooLarge = '{"stringValue":"[too large]"}';

function attributesText(attributes: unknown, mostUnits: number): string {
  const members = objectOf(attributes);
  let text = "";
  let dropped = 0;
  for (const key of keysOf(members)) {
    const plain = toPlain(read(members, key));
    if (plain === undefined) continue;
    const head = headOf(key);
    const room = mostUnits - text.length - head.length;
    let value = valueText(plain);
    if (value.length >= room) value = tooLarge;
    if (value.length >= room) dropped += 1;
    else text += `${text === "" ? "" : ","}${head}${value}}`;
  }
  return `"attributes":[${text}]${memberText("droppedAttributesCount", mostUnits === Infinity ? undefined : dropped)}`;
}

/** Names of attributes as they are written. Somebody else's could be many: those are not kept. */
const heads = new Map<string, string>();
const mostHeads = 256;

function headOf(key: string): string {
  const known = heads.get(key);
  if (known !== undefined) return known;
  const head = inOnePiece(`{"key":${JSON.stringify(toPlain(key))},"value":`);
  if (heads.size < mostHeads) heads.set(key, head);
  return head;
}

/** OTLP's `AnyValue`: an object of just one member; null has none. */
function valueText(plain: Plain): string {
  if (typeof plain === "string") return `{"stringValue":${quoted(plain)}}`;
  if (typeof plain === "boolean") return `{"boolValue":${plain}}`;
  if (typeof plain === "number") {
    // A 64-bit integer is written as text.
    return Number.isSafeInteger(plain)
      ? `{"intValue":"${plain}"}`
      : `{"doubleValue":${JSON.stringify(plain)}}`;
  }
  if (plain === null) return "{}";
  if (Array.isArray(plain)) return `{"arrayValue":{"values":[${plain.map(valueText).join()}]}}`;
  const pairs = Object.entries(plain).map(
    ([key, value]) => `{"key":${quoted(key)},"value":${valueText(value)}}`,
  );
  return `{"kvlistValue":{"values":[${pairs.join()}]}}`;
}

/** Printable ASCII without what JSON escapes: what nearly every text is. */
const needsNoEscape = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return needsNoEscape.test(text) ? `"${text}"` : JSON.stringify(text);
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
