import canonicalize from "canonicalize";

/** What `JSON.parse` can give. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * The one text of a JSON value by the JSON Canonicalization Scheme (RFC 8785): members sorted by
 * UTF-16 code units, no white space, numbers as ECMAScript prints them. Two equal values give the
 * same text, so a hash of the text is a hash of the value.
 *
 * @param value a JSON value; nesting may be as deep as memory allows
 * @throws Error where the value has no canonical form: a lone surrogate in a string or a key, an
 *   infinite number, a cycle
 * @example
 * canonicalJson({ b: 1e3, a: "é" }); // '{"a":"é","b":1000}'
 */
export function canonicalJson(value: JsonValue): string {
  const text = canonicalize(value);
  // Only values outside JSON (undefined, functions) have no text; the type keeps them out.
  if (text === undefined) throw new TypeError("The value is not a JSON value");
  return text;
}
