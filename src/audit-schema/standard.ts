import { AuthlogError } from "../errors.ts";
import { attributes as names } from "../vocabulary.ts";
import type {
  AuditEvent,
  AuditRecord,
  AuditSchema,
  Canonicalize,
  SchemaContext,
} from "./audit-schema.ts";
import { displayText, verifiableText } from "./audit-text.ts";
import { fitObject } from "./fit-object.ts";
import { type Plain, read, toPlain } from "./plain.ts";
import { asText, firstText, timeText } from "./read-text.ts";

const word = { type: "string", maxBytes: 32 } as const;
const short = { type: "string", maxBytes: 128 } as const;
const long = { type: "string-unindexed", maxBytes: 32_766 } as const;

/** Pangea's standard configuration; `old` is not used, since a record tells of no former state. */
const fields = {
  message: { ...long, required: true },
  actor: short,
  action: word,
  new: long,
  old: long,
  source: short,
  status: word,
  target: short,
  tenant_id: short,
  timestamp: { type: "datetime", maxBytes: 128 },
} as const;

type Field = keyof typeof fields;

const actorNames = [names.userId, names.userEmail] as const;
const targetNames = [
  names.target,
  names.attemptedIdentifier,
  names.userEmail,
  names.userId,
] as const;

/** What `new` holds in full, whatever else has to be shortened. */
const kept: ReadonlySet<string> = new Set([names.recordUid]);

/**
 * Pangea's standard audit schema. `actor` is the user's id, or e-mail address, or `anonymous`;
 * `target` what an action of the app's own was done to, or the identity that was claimed, or the
 * user's account; `status` the outcome and, after a colon, the reason. `new` is one canonical JSON
 * object of every attribute, with `trace_id`, `span_id`, `service.name` and `service.version`. A field
 * that is too long is cut and named there under `authlog.truncated`; the record's uid is never cut.
 *
 * Fails with `ERR_AUTHLOG_RECORD_UNMAPPABLE` for a record whose identity alone is too long.
 */
export const standardSchema: AuditSchema = {
  name: "standard",
  uidPath: ["new", names.recordUid],
  fields,
  toEvent(record, context) {
    try {
      const event = toStandardEvent(record, context);
      return event === undefined ? { ok: false, cause: unmappable() } : { ok: true, event };
    } catch {
      // A proxy's trap, in what a foreign library handed in as attributes.
      return { ok: false, cause: unmappable() };
    }
  },
};

function toStandardEvent(record: AuditRecord, context: SchemaContext): AuditEvent | undefined {
  const { canonicalize, tenantId } = context;
  const { eventName, attributes } = record;
  const event: Record<string, string> = {};
  const cut: Field[] = [];
  const put = (field: Field, text: string | undefined): void => {
    if (text === undefined) return;
    const shown = displayText(text, fields[field].maxBytes);
    event[field] = shown;
    if (shown.length < text.length) cut.push(field);
  };
  const first = (keys: readonly string[]): string | undefined => firstText(attributes, keys);

  // In the order in which the SDK sorts them, which then has less to do.
  put("action", asText(eventName));
  put("actor", first(actorNames) ?? "anonymous");
  const message = verifiableText(messageOf(record, canonicalize), long.maxBytes, canonicalize);
  event["message"] = message.text;
  if (message.cut) cut.push("message");
  // Its place; the value needs what was cut of the others.
  event["new"] = "";
  put("source", asText(read(attributes, names.clientAddress)));
  put("status", statusOf(read(attributes, names.outcome), read(attributes, names.failureReason)));
  put("target", first(targetNames));
  put("tenant_id", asText(tenantId));
  put("timestamp", timeText(record.timeUnixMillis));

  const details = detailsOf(record);
  // The whole name stands in no attribute, so nothing else would tell it.
  if (cut.includes("action")) setPlain(details, "event.name", eventName);
  if (cut.length > 0) {
    const before = details.get(names.truncated);
    details.set(names.truncated, [...(Array.isArray(before) ? before : []), ...cut]);
  }
  const json = fitObject(details, {
    maxBytes: long.maxBytes,
    keep: kept,
    marker: names.truncated,
    canonicalize,
  });
  if (json === undefined) return undefined;
  event["new"] = json;
  return event;
}

/** Every attribute, then what is known of the record beside them. */
function detailsOf(record: AuditRecord): Map<string, Plain> {
  const { attributes } = record;
  const details = new Map<string, Plain>();
  for (const key of Object.keys(attributes)) {
    setPlain(details, key.toWellFormed(), read(attributes, key));
  }
  // An attribute of the same name gives way: the record's own context is what can be trusted.
  setPlain(details, "trace_id", record.traceId);
  setPlain(details, "span_id", record.spanId);
  setPlain(details, "service.name", record.serviceName);
  setPlain(details, "service.version", record.serviceVersion);
  return details;
}

function setPlain(details: Map<string, Plain>, key: string, value: unknown): void {
  const plain = toPlain(value);
  if (plain !== undefined) details.set(key, plain);
}

function messageOf({ body, eventName }: AuditRecord, canonicalize: Canonicalize): string {
  if (typeof body === "string" && body !== "") return body;
  const plain = toPlain(body);
  if (plain === undefined || plain === "") return asText(eventName) ?? "log record";
  return canonicalize(plain);
}

function statusOf(outcome: unknown, reason: unknown): string | undefined {
  const [status, because] = [asText(outcome), asText(reason)];
  return status === undefined || because === undefined ? status : `${status}:${because}`;
}

function unmappable(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_RECORD_UNMAPPABLE", {
    message: "The standard schema can make no event of a log record.",
    why: "Its attributes cannot be read, or its uid alone is longer than the field that holds it.",
    fix: "Emit flat attributes of strings, numbers and booleans, and a uid of at most 128 bytes.",
  });
}
