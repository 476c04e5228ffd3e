/** A field of an event, as a Pangea config declares it. Every field is a string. */
export interface EventField {
  /** Longest value, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** @default false */
  readonly required?: boolean;
  /** A time of RFC 3339. */
  readonly format?: "date-time";
  /** Whether a search can be ordered by the field. @default false */
  readonly sortable?: boolean;
  /** Whether `search_restriction` can name the field. @default false */
  readonly restrictable?: boolean;
}

/** The fields that an event may have; any other is refused. */
export type EventSchema = Readonly<Record<string, EventField>>;

const short = { maxBytes: 128, sortable: true, restrictable: true } as const;
const word = { maxBytes: 32, sortable: true, restrictable: true } as const;
const long = { maxBytes: 32_766 } as const;

/**
 * Pangea's Standard Audit Log Config. The limits are those of `AuditEvent` in the service's OpenAPI
 * document; the document leaves open what a length counts, and bytes are the safe reading.
 */
export const standardSchema: EventSchema = {
  message: { ...long, required: true, sortable: true },
  actor: short,
  action: word,
  new: long,
  old: long,
  source: short,
  status: word,
  target: short,
  tenant_id: { maxBytes: 128, restrictable: true },
  timestamp: { maxBytes: 128, format: "date-time", sortable: true },
};
