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
 * OpenTelemetry's: the text of an `ExportLogsServiceRequest` of
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, with one record.
 *
 * What JSON cannot hold is written as `toPlain` tells it; what is not of the type that OTLP has for
 * it is left out, so that `fromOtlp` reads all that is written. Never throws, whatever a foreign
 * record is made of. The text is put together by hand, in half the time that objects for
 * `JSON.stringify` would take: a login waits for it.
 *
 * @example
 * toOtlpText(record); // {"resourceLogs":[{"resource":{…},"scopeLogs":[{"scope":{…},"logRecords":[{…}]}]}]}
 */
export function toOtlpText(
  record: ReadableLogRecord,
  { mostUnits }: OtlpLimits = { mostUnits: Infinity },
): string {
  const scope = objectOf(read(record, "instrumentationScope"));
  const resource = read(objectOf(read(record, "resource")), "attributes");
  const scopeText = `{"name":${JSON.stringify(textOf(read(scope, "name")) ?? "")}${memberText("version", textOf(read(scope, "version")))}}`;
  const recordText = `{${attributesText(read(record, "attributes"), mostUnits)}${membersText(record)}}`;
  return `{"resourceLogs":[{"resource":{${attributesText(resource, mostUnits)}},"scopeLogs":[{"scope":${scopeText},"logRecords":[${recordText}]}]}]}`;
}

function membersText(record: ReadableLogRecord): string {
  const severityNumber = read(record, "severityNumber");
  const body = toPlain(read(record, "body"));
  return [
    memberText("timeUnixNano", toNanos(read(record, "hrTime"))),
    memberText("eventName", textOf(read(record, "eventName"))),
    memberText("severityNumber", isWhole(severityNumber, 24) ? severityNumber : undefined),
    memberText("severityText", textOf(read(record, "severityText"))),
    body === undefined ? "" : `,"body":${valueText(body)}`,
    spanText(objectOf(read(record, "spanContext"))),
  ].join("");
}

/** A member that stands behind another one; nothing where it is not there. */
function memberText(name: string, value: string | number | undefined): string {
  return value === undefined ? "" : `,"${name}":${JSON.stringify(value)}`;
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
    const fitting = [valueText(plain), tooLarge].find(
      (value) => text.length + head.length + value.length < mostUnits,
    );
    if (fitting === undefined) dropped += 1;
    else text += `${text === "" ? "" : ","}${head}${fitting}}`;
  }
  return `"attributes":[${text}]${memberText("droppedAttributesCount", mostUnits === Infinity ? undefined : dropped)}`;
}

/** Names of attributes as they are written. Somebody else's could be many: those are not kept. */
const heads = new Map<string, string>();
const mostHeads = 256;

function headOf(key: string): string {
  const known = heads.get(key);
  if (known !== undefined) return known;
  const head = `{"key":${JSON.stringify(toPlain(key))},"value":`;
  if (heads.size < mostHeads) heads.set(key, head);
  return head;
}

/** OTLP's `AnyValue`: an object of just one member; null has none. */
function valueText(plain: Plain): string {
  if (typeof plain === "string") return `{"stringValue":${JSON.stringify(plain)}}`;
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
    ([key, value]) => `{"key":${JSON.stringify(key)},"value":${valueText(value)}}`,
  );
  return `{"kvlistValue":{"values":[${pairs.join()}]}}`;
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
