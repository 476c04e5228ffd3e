import { parseMicros } from "../../time.ts";

/** A search, as a tree. */
export type Query =
  | { readonly type: "all" }
  /** A field contains the text; any field, where none is named. Case counts. */
  | { readonly type: "contains"; readonly text: string; readonly field?: string }
  | {
      readonly type: "compare";
      readonly field: TimeField;
      readonly than: "<" | ">";
      readonly micros: number;
    }
  | { readonly type: "not"; readonly of: Query }
  | { readonly type: "and" | "or"; readonly of: readonly Query[] };

/** The fields that hold a time. */
export type TimeField = "received_at" | "timestamp";

/** Why a text is no query. */
export class QueryError extends Error {
  override readonly name = "QueryError";
}

/** More terms than a person writes; keeps the statement far below SQLite's limits. */
const maxTerms = 64;

/**
 * Reads Pangea's search grammar: terms apart by spaces, all of which must hold; `"quoted text"`
 * with `\"` and `\\`; `field:value` for a part of one field; `-` before a term for its contrary;
 * `AND`, `OR` (binds weaker); `received_at>2026-01-31T00:00:00Z` and `<` for times.
 *
 * @param fields names that count as a field before a colon; another name is part of the text
 * @throws QueryError with a sentence for the sender
 * @example
 * parseQuery('actor:"Jane Doe" -status:failure', ["actor", "status"]);
 */
export function parseQuery(text: string, fields: readonly string[]): Query {
  const tokens = tokenize(text, fields);
  if (tokens.length === 0) return { type: "all" };
  if (tokens.length > maxTerms) throw new QueryError(`a query has at most ${maxTerms} terms`);

  const alternatives: Query[][] = [[]];
  let joined: "AND" | "OR" | undefined;
  for (const token of tokens) {
    const current = alternatives.at(-1) ?? [];
    if (token === "AND" || token === "OR") {
      if (joined !== undefined || current.length === 0)
        throw new QueryError(`${token} stands between two terms`);
      joined = token;
      if (token === "OR") alternatives.push([]);
    } else {
      current.push(token);
      joined = undefined;
    }
  }
  if (joined !== undefined) throw new QueryError(`${joined} stands between two terms`);
  return group(
    "or",
    alternatives.map((terms) => group("and", terms)),
  );
}

function group(type: "and" | "or", of: readonly Query[]): Query {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { type, of };
}

type Token = "AND" | "OR" | Query;

const quoted = String.raw`"((?:[^"\\]|\\.)*)"`;
const start = /\s*(-?)(?:([a-z][0-9a-z_]*)(:[<>]?|[<>]))?/y;
const value = new RegExp(String.raw`${quoted}|([^\s"]\S*)`, "ys");

function tokenize(text: string, fields: readonly string[]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (text.slice(at).trim() !== "") {
    start.lastIndex = at;
    const [prefix = "", minus = "", name, operator] = start.exec(text) ?? [];
    const known = name !== undefined && operator !== undefined && fields.includes(name);
    const bare = prefix.length - (known ? 0 : (name?.length ?? 0) + (operator?.length ?? 0));
    value.lastIndex = at + bare;
    const match = value.exec(text);
    if (match === null) throw new QueryError("a quote is not closed, or a value is missing");
    at = value.lastIndex;
    const [whole, phrase, word] = match;
    if (!known && minus === "" && (whole === "AND" || whole === "OR")) {
      tokens.push(whole);
      continue;
    }
    const literal = phrase === undefined ? (word ?? "") : phrase.replaceAll(/\\(.)/gs, "$1");
    const term = known
      ? fieldTerm(name, operator, literal)
      : ({ type: "contains", text: literal } as const);
    tokens.push(minus === "" ? term : { type: "not", of: term });
  }
  return tokens;
}

function fieldTerm(field: string, operator: string, text: string): Query {
  const than = operator.at(-1);
  if (than !== "<" && than !== ">") return { type: "contains", field, text };
  if (field !== "received_at" && field !== "timestamp")
    throw new QueryError(`${field} cannot be compared: only received_at and timestamp can`);
  const micros = parseMicros(text);
  if (micros === undefined) throw new QueryError(`${field} is compared with a time of RFC 3339`);
  return { type: "compare", field, than, micros };
}
