import type { AuditField, AuditSchema } from "../audit-schema/audit-schema.ts";
import { standardSchema as standardAuditSchema } from "../audit-schema/standard.ts";
import { tutorialWithIdsSchema } from "../audit-schema/tutorial.ts";

/** A field of an event, as the ledger checks and searches it. */
export interface EventField {
  readonly type: "text" | "integer" | "boolean" | "datetime";
  /** Longest text, in bytes of UTF-8. */
  readonly maxBytes: number;
  readonly required: boolean;
  /** Whether a search can be ordered by the field. */
  readonly sortable: boolean;
  /** Whether `search_restriction` can name the field. */
  readonly restrictable: boolean;
}

/** What an event may be. */
export interface EventSchema {
  /** The fields that it may have; any other is refused. */
  readonly fields: Readonly<Record<string, EventField>>;
  /** Where its uid stands, the keys below the first being those of the JSON in that field. */
  readonly uidPath: readonly string[];
}

/** A schema by its name, or of the app's own, as the exporter has it. */
export type LedgerSchema = "standard" | "tutorial" | "tutorial-with-ids" | AuditSchema;

/** The schema of a ledger that is to take a schema's events. `undefined` for a name that is none. */
export function eventSchemaOf(schema: LedgerSchema): EventSchema | undefined {
  switch (schema) {
    case "standard":
      return standardSchema;
    case "tutorial":
    case "tutorial-with-ids":
      return fromAuditSchema(tutorialWithIdsSchema);
    default:
      if (typeof schema !== "object") return undefined;
      return schema === standardAuditSchema ? standardSchema : fromAuditSchema(schema);
  }
}

/**
 * Pangea's Standard Audit Log Config. The limits are those of `AuditEvent` in the service's OpenAPI
 * document, and so is what can be sorted and restricted by; the document leaves open what a length
 * counts, and bytes are the safe reading.
 */
export const standardSchema: EventSchema = {
  uidPath: standardAuditSchema.uidPath ?? [],
  fields: withFlags(fromAuditSchema(standardAuditSchema).fields, {
    message: { sortable: true },
    tenant_id: { sortable: false },
    timestamp: { restrictable: false },
  }),
};

function fromAuditSchema({ fields, uidPath = [] }: AuditSchema): EventSchema {
  const entries = Object.entries(fields).map(([id, field]) => [id, fieldOf(field)] as const);
  return { uidPath, fields: Object.fromEntries(entries) };
}

/** Pangea indexes a `string`, and neither of the other kinds of text. */
function fieldOf({ type, maxBytes = 128, required = false }: AuditField): EventField {
  const isText = type === "string" || type === "string-unindexed" || type === "text";
  const indexed = type !== "string-unindexed" && type !== "text";
  return {
    type: isText ? "text" : type,
    maxBytes,
    required,
    sortable: indexed,
    // A restriction lists texts.
    restrictable: indexed && (type === "string" || type === "datetime"),
  };
}

function withFlags(
  fields: EventSchema["fields"],
  flags: Readonly<Record<string, Partial<EventField>>>,
): EventSchema["fields"] {
  return Object.fromEntries(
    Object.entries(fields).map(([id, field]) => [id, { ...field, ...flags[id] }]),
  );
}
