import { AuthlogError } from "../errors.ts";
import { attributes as names } from "../vocabulary.ts";
import type {
  AuditEvent,
  AuditField,
  AuditRecord,
  AuditSchema,
  SchemaContext,
} from "./audit-schema.ts";
import { fitField } from "./fit-field.ts";
import { firstText } from "./read-text.ts";
import { fitsBytes } from "./utf8.ts";

/** What a mapping function may give for a field; `undefined` leaves the field out. */
export type FieldValue = string | number | boolean | Date | undefined;

/** A schema of an app's own, as the configuration of its audit log declares it. */
export interface SchemaDefinition {
  /** What the schema is called in diagnostics. */
  name: string;
  /** The fields of the audit log's configuration, by their ids. */
  fields: Readonly<Record<string, AuditField>>;
  /**
   * The field for the record's unique id, which is set by itself: at least 36 bytes of text.
   * @default none: an event that is delivered twice then stands twice in the log
   */
  uidField?: string;
  /** The values for one record. Pure: it keeps nothing, and changes nothing. */
  map: (record: AuditRecord, context: SchemaContext) => Readonly<Record<string, FieldValue>>;
}

/**
 * Makes a schema for an audit log with a configuration of its own. Texts are made well-formed and,
 * if they are too long, cut, with `…` at the end; the uid is never cut.
 *
 * A record whose values do not fit the fields has no event: `ERR_AUTHLOG_RECORD_UNMAPPABLE`.
 *
 * @throws AuthlogError `ERR_AUTHLOG_CONFIG_INVALID` where the audit log could not have such fields
 * @example
 * const schema = defineSchema({
 *   name: "logins",
 *   fields: {
 *     message: { type: "string", maxBytes: 512, required: true },
 *     who: { type: "string" },
 *     at: { type: "datetime" },
 *     event_id: { type: "string" },
 *   },
 *   uidField: "event_id",
 *   map: ({ body, attributes, timeUnixMillis }) => ({
 *     message: String(body),
 *     who: String(attributes["user.id"] ?? "anonymous"),
 *     at: new Date(timeUnixMillis),
 *   }),
 * });
 */
export function defineSchema(definition: SchemaDefinition): AuditSchema {
  const { name, uidField } = definition;
  const fields = new Map(Object.entries(definition.fields));
  for (const [id, field] of fields) checkField(id, field);
  if (uidField !== undefined) checkUidField(uidField, fields.get(uidField));
  return Object.freeze({
    name,
    fields: definition.fields,
    ...(uidField !== undefined && { uidPath: [uidField] }),
    toEvent(record, context) {
      try {
        return { ok: true, event: toEvent(definition, fields, record, context) };
      } catch (error) {
        const why = error instanceof Unfit ? error.message : "Its mapping function threw.";
        return { ok: false, cause: unmappable(name, why) };
      }
    },
  } satisfies AuditSchema);
}

/** Why values do not fit. Its message holds ids of fields, and no value. */
class Unfit extends Error {}

function toEvent(
  { map, uidField }: SchemaDefinition,
  fields: ReadonlyMap<string, AuditField>,
  record: AuditRecord,
  context: SchemaContext,
): AuditEvent {
  const values = new Map<string, unknown>(Object.entries(map(record, context)));
  if (uidField !== undefined) {
    const uid = firstText(record.attributes, [names.recordUid]);
    const { maxBytes = defaultMaxBytes } = fields.get(uidField) ?? {};
    if (uid !== undefined && !fitsBytes(uid, maxBytes))
      throw new Unfit(`The record's uid is longer than ${uidField}.`);
    values.set(uidField, uid);
  }
  const event: AuditEvent = {};
  // In the order in which the SDK sorts them, which then has less to do.
  for (const id of [...values.keys()].toSorted()) {
    const value = values.get(id);
    if (value === undefined) continue;
    const field = fields.get(id);
    if (field === undefined) throw new Unfit(`It has no field of the name ${nameOf(id)}.`);
    const maxBytes = field.maxBytes ?? defaultMaxBytes;
    const fitted = fitField(id, { type: field.type, maxBytes }, value, context.canonicalize);
    if (fitted === undefined) throw new Unfit(`What it has for ${id} is no ${field.type}.`);
    event[id] = fitted;
  }
  for (const [id, { required }] of fields) {
    if (required === true && event[id] === undefined) throw new Unfit(`It has nothing for ${id}.`);
  }
  return event;
}

const defaultMaxBytes = 128;
/** The most that Pangea gives a field. */
const mostBytes = 32_766;
/** A UUID as text. */
const uidBytes = 36;
/** Pangea's rule for the id of a field. */
const idPattern = /^[a-z][0-9a-z_]{0,31}$/;

function checkField(id: string, { type, maxBytes = defaultMaxBytes }: AuditField): void {
  if (!idPattern.test(id)) {
    throw invalid(
      `A field is called ${nameOf(id)}.`,
      "Use a small letter, then small letters, digits and _, 32 characters at most.",
    );
  }
  if (!types.has(type)) throw invalid(`The field ${id} has no known type.`, `Use one of ${list}.`);
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > mostBytes) {
    throw invalid(`The field ${id} cannot have that size.`, `Use 1 to ${mostBytes} bytes.`);
  }
}

function checkUidField(id: string, field: AuditField | undefined): void {
  const { type, maxBytes = defaultMaxBytes } = field ?? { type: "none", maxBytes: 0 };
  if (texts.has(type) && maxBytes >= uidBytes) return;
  throw invalid(
    `The field for the uid, ${nameOf(id)}, is not declared as one that can hold it.`,
    `Declare it with the type string and at least ${uidBytes} bytes.`,
  );
}

const texts: ReadonlySet<string> = new Set(["string", "string-unindexed", "text"]);
const types: ReadonlySet<string> = new Set([...texts, "integer", "boolean", "datetime"]);
const list = [...types].join(", ");

/** An id that is none may be anything, so it is not repeated. */
function nameOf(id: string): string {
  return idPattern.test(id) ? id : `of ${id.length} characters that are not all allowed`;
}

function invalid(why: string, fix: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: "The schema is not one that an audit log can have.",
    why,
    fix,
  });
}

function unmappable(name: string, why: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_RECORD_UNMAPPABLE", {
    message: `The schema ${name} can make no event of a log record.`,
    why,
    fix: "Let the schema's map give for any record only declared fields, each of its type.",
  });
}
