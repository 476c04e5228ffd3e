import * as v from "valibot";
import { parseQuery, QueryError } from "../ledger/search/query.ts";
import type { Search } from "../ledger/search/sql.ts";
import { toMicros } from "../time.ts";
import type { EventSchema } from "./event-schema.ts";
import { invalid } from "./refusal.ts";
import { parseDateTimeRel } from "./time-range.ts";
import { text, textOf, validate } from "./validation.ts";

/** Most records that one search finds, and that one page holds. */
const maxResults = 10_000;
const defaultLimit = 20;
const dayMillis = 86_400_000;
/** "Defaults to 14 days of data", says the OpenAPI document. */
const defaultRangeMillis = 14 * dayMillis;

const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maxResults));
const offset = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(maxResults));
const restriction = v.record(v.string(), v.array(text));

/** A search and its first page. */
export interface SearchRequest {
  search: Search;
  limit: number;
  verbose: boolean;
}

/** One page of an earlier search. */
export interface ResultsRequest {
  id: string;
  limit: number;
  offset: number;
  assertRestriction?: Search["restriction"];
}

/** Reads bodies of `v1/search`, for one schema of events. Throws a Refusal with each fault. */
export function searchRequestParser({
  fields: declared,
}: EventSchema): (body: unknown, nowMillis: number) => SearchRequest {
  const named = (flag: "sortable" | "restrictable"): string[] =>
    Object.keys(declared).filter((field) => declared[field]?.[flag] === true);
  const restrictable = named("restrictable").map((field) => [field, v.optional(v.array(text))]);
  const bodySchema = v.strictObject({
    query: v.optional(textOf(8_192), ""),
    start: v.optional(textOf(128)),
    end: v.optional(textOf(128)),
    config_id: v.optional(text),
    max_results: v.optional(count, maxResults),
    verbose: v.optional(v.boolean(), true),
    limit: v.optional(count, defaultLimit),
    order: v.optional(v.picklist(["asc", "desc"]), "desc"),
    order_by: v.optional(v.picklist(["received_at", ...named("sortable")]), "received_at"),
    search_restriction: v.optional(v.strictObject(Object.fromEntries(restrictable)), {}),
    return_context: v.optional(v.boolean()),
  });
  const fields = [...Object.keys(declared), "received_at"];

  return (body, nowMillis) => {
    const request = validate(bodySchema, body);
    const endMicros = timeOf("/end", request.end, nowMillis);
    return {
      limit: request.limit,
      verbose: request.verbose,
      search: {
        query: queryOf(request.query, fields),
        startMicros:
          timeOf("/start", request.start, nowMillis) ?? toMicros(nowMillis - defaultRangeMillis),
        ...(endMicros !== undefined && { endMicros }),
        maxResults: request.max_results,
        order: request.order,
        orderBy: request.order_by,
        restriction: request.search_restriction,
      },
    };
  };
}

const resultsSchema = v.strictObject({
  id: text,
  limit: v.optional(count, defaultLimit),
  offset: v.optional(offset, 0),
  config_id: v.optional(text),
  assert_search_restriction: v.optional(restriction),
  return_context: v.optional(v.boolean()),
});

/** Reads bodies of `v1/results`. */
export function parseResultsRequest(body: unknown): ResultsRequest {
  const { id, limit, offset: from, assert_search_restriction } = validate(resultsSchema, body);
  return {
    id,
    limit,
    offset: from,
    ...(assert_search_restriction && { assertRestriction: assert_search_restriction }),
  };
}

function queryOf(query: string, fields: readonly string[]): Search["query"] {
  try {
    return parseQuery(query, fields);
  } catch (error) {
    if (error instanceof QueryError) throw invalid("BadFormat", "/query", error.message);
    throw error;
  }
}

function timeOf(source: string, value: string | undefined, nowMillis: number): number | undefined {
  if (value === undefined) return undefined;
  const micros = parseDateTimeRel(value, nowMillis);
  if (micros === undefined)
    throw invalid("BadFormatDateTime", source, "must be a time of RFC 3339, or a duration as 7d");
  return micros;
}
