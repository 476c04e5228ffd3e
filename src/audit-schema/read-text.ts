import { formatMicros, parseMicros, toMicros } from "../time.ts";
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

/** The first microseconds of the years 0 and 10000: between them are the times of RFC 3339. */
const [firstMicros, endMicros] = [-62_167_219_200_000_000, 253_402_300_800_000_000];

/** A time, to the microsecond; `undefined` if it is none, or not of a year that RFC 3339 has. */
export function timeText(time: Date | string | number): string | undefined {
  // What is no RFC 3339 can still be a time that JavaScript reads.
  const exact = typeof time === "string" ? parseMicros(time) : undefined;
  const micros = exact ?? toMicros(new Date(time).getTime());
  return micros >= firstMicros && micros < endMicros ? formatMicros(micros) : undefined;
}
