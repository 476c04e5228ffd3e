import { read } from "./plain.ts";

/** A value that can stand in a field for people; lists and objects cannot, nor an empty text. */
export function asText(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
}

/** The first of these attributes that is a text, or a number. */
export function firstText(
  attributes: Readonly<Record<string, unknown>>,
  names: readonly string[],
): string | undefined {
  for (const name of names) {
    const text = asText(read(attributes, name));
    if (text !== undefined) return text;
  }
  return undefined;
}

/** The last time that was written: where events are many, they share their milliseconds. */
let last: { millis: number; text: string | undefined } = { millis: Number.NaN, text: undefined };

/** `undefined` if it is no time, or not of a year that RFC 3339 has. */
export function isoTime(unixMillis: number): string | undefined {
  if (unixMillis !== last.millis) {
    const time = new Date(unixMillis);
    const year = time.getUTCFullYear();
    const text = year >= 0 && year <= 9_999 ? time.toISOString() : undefined;
    last = { millis: unixMillis, text };
  }
  return last.text;
}
