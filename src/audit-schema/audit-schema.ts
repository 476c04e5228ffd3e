import type { AuthlogError } from "../errors.ts";
import type { Plain } from "./plain.ts";

/**
 * Turns a log record into the event that an audit log stores. A schema is pure, never throws, and
 * does not change what it is handed.
 *
 * @example
 * const mapped = standardSchema.toEvent(record, { canonicalize });
 * if (mapped.ok) send(mapped.event);
 * else keepAside(record, mapped.cause);
 */
export interface AuditSchema {
  /** What the schema is called in configuration and diagnostics. */
  readonly name: string;
  /**
   * Where the record's unique id stands in the event, the keys below the first being those of the
   * JSON object in that field. Absent if the schema has no place for it: delivery is then at least
   * once only.
   */
  readonly uidPath?: readonly string[];
  /** The fields of its events, as the audit log's configuration has to declare them, by their ids. */
  readonly fields: Readonly<Record<string, AuditField>>;
  /** Maps one record, or says with a coded cause why no event can be made of it. */
  toEvent(record: AuditRecord, context: SchemaContext): SchemaResult;
}

/** One field of an event. */
export interface AuditField {
  /** What it holds, in Pangea's words. A `datetime` is a time of RFC 3339, with microseconds. */
  readonly type: "string" | "string-unindexed" | "text" | "integer" | "boolean" | "datetime";
  /**
   * Longest value of a field of text, in bytes of UTF-8.
   * @default 128
   */
  readonly maxBytes?: number;
  /**
   * Whether there is no event without it.
   * @default false
   */
  readonly required?: boolean;
}

/** A log record as a schema reads it. Nothing in it is trusted: any library may have emitted it. */
export interface AuditRecord {
  /** The event's name, such as `auth.sign_in`. */
  eventName?: string | undefined;
  /** Milliseconds since 1970. */
  timeUnixMillis: number;
  /** A sentence for people; anything at all in a foreign record. */
  body?: unknown;
  attributes: Readonly<Record<string, unknown>>;
  /** 32 hexadecimal digits. */
  traceId?: string | undefined;
  /** 16 hexadecimal digits. */
  spanId?: string | undefined;
  serviceName?: string | undefined;
  serviceVersion?: string | undefined;
}

/** What a schema needs beside the record. */
export interface SchemaContext {
  /** Passed in: folders on one floor do not know each other. */
  canonicalize: Canonicalize;
  /** The tenant that every event belongs to. */
  tenantId?: string | undefined;
}

/** Writes a JSON value as RFC 8785 says. */
export type Canonicalize = (value: Plain) => string;

/** An event as the audit log takes it: flat, by the field names of its configuration. */
export type AuditEvent = Record<string, string | number | boolean>;

/** An event, or the reason why there can be none. */
export type SchemaResult = { ok: true; event: AuditEvent } | { ok: false; cause: AuthlogError };
