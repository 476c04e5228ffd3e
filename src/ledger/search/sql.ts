import { formatMicros } from "../../time.ts";
import type { Query } from "./query.ts";

/** A condition on rows of `event`, and the values of its parameters. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** What a search asks of the ledger. Times are microseconds since 1970. */
export interface Search {
  readonly query: Query;
  readonly startMicros: number;
  readonly endMicros?: number;
  /** At most so many records are found. */
  readonly maxResults: number;
  readonly order: "asc" | "desc";
  /** A field of the event, `received_at` or `timestamp`. */
  readonly orderBy: string;
  /** For each field, the values that it may have, whole. */
  readonly restriction: Readonly<Record<string, readonly string[]>>;
}

// Times are read from the envelope, which is under the record's hash: an edit of the columns beside
// it must not move a record out of a search. The first is the text of an index.
const receivedAt = "(envelope ->> '$.received_at')";
const timestamp = "micros_of(envelope ->> '$.event.timestamp')";

/**
 * The statement that gives the ids of the records that a search finds, in its order. The connection
 * has to know two functions: `micros_of`, the microseconds of a time of RFC 3339, and `in_time`,
 * which is asked at each record and ends the search by throwing. Everything
 * that came from outside is a parameter; only words of this file are in the text.
 */
export function searchStatement(search: Search): Condition {
  const { query, startMicros, endMicros, order, orderBy, maxResults, restriction } = search;
  const conditions: Condition[] = [
    { sql: "in_time()", values: [] },
    { sql: `${receivedAt} >= ?`, values: [receivedText(startMicros)] },
    ...(endMicros === undefined
      ? []
      : [{ sql: `${receivedAt} < ?`, values: [receivedText(endMicros)] }]),
    ...Object.entries(restriction).map(([field, allowed]) => ({
      sql: "(envelope ->> ?) IN (SELECT value FROM json_each(?))",
      values: [pathOf(field), JSON.stringify(allowed)],
    })),
    conditionOf(query),
  ];
  const where = join(" AND ", conditions);
  const direction = order === "asc" ? "ASC" : "DESC";
  const key = orderKey(orderBy);
  return {
    // The id breaks ties, so that an order is the same each time it is asked for.
    sql: `SELECT id FROM event WHERE ${where.sql} ORDER BY ${key.sql} ${direction}, id ${direction} LIMIT ?`,
    values: [...where.values, ...key.values, maxResults],
  };
}

function conditionOf(query: Query): Condition {
  if (query.type === "all") return { sql: "TRUE", values: [] };
  if (query.type === "contains") return contains(query.text, query.field);
  if (query.type === "compare") {
    if (query.field === "received_at")
      return { sql: `${receivedAt} ${query.than} ?`, values: [receivedText(query.micros)] };
    return { sql: `coalesce(${timestamp} ${query.than} ?, FALSE)`, values: [query.micros] };
  }
  if (query.type === "not") {
    const { sql, values } = conditionOf(query.of);
    return { sql: `NOT (${sql})`, values };
  }
  const { sql, values } = join(query.type === "and" ? " AND " : " OR ", query.of.map(conditionOf));
  return { sql: `(${sql})`, values };
}

// `instr` counts case and knows no wildcards, unlike LIKE. The envelope as a whole is looked through
// first, for the text as JSON writes it: most records need not be taken apart.
function contains(text: string, field?: string): Condition {
  const written = JSON.stringify(text).slice(1, -1);
  const found =
    field === undefined
      ? "EXISTS (SELECT 1 FROM json_each(event.envelope, '$.event') WHERE instr(value, ?) > 0)"
      : "instr(envelope ->> ?, ?) > 0";
  return {
    sql: `coalesce(instr(envelope, ?) > 0 AND ${found}, FALSE)`,
    values: [written, ...(field === undefined ? [] : [pathOf(field)]), text],
  };
}

/** Year 0: no text of an earlier time sorts as the time does. */
const minMicros = -62_167_219_200_000_000;

/** A bound on times of receipt, which sort as texts do: all are written in one length. */
function receivedText(micros: number): string {
  return formatMicros(Math.min(Math.max(micros, minMicros), Number.MAX_SAFE_INTEGER));
}

function orderKey(field: string): Condition {
  if (field === "received_at") return { sql: receivedAt, values: [] };
  if (field === "timestamp") return { sql: timestamp, values: [] };
  return { sql: "envelope ->> ?", values: [pathOf(field)] };
}

/** Path of a field in the envelope: `received_at` stands beside the event, all others within it. */
function pathOf(field: string): string {
  return field === "received_at" ? "$.received_at" : `$.event."${field}"`;
}

function join(word: string, conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }) => sql).join(word),
    values: conditions.flatMap(({ values }) => values),
  };
}
