/** Now, in milliseconds since 1970-01-01T00:00:00Z; fractions count. */
export type Clock = () => number;

/** Whole microseconds since 1970: the unit of the ledger's times, as `received_at` has it. */
export function toMicros(millis: number): number {
  return Math.floor(millis * 1_000);
}

/**
 * A time as Pangea writes it: UTC, with six digits of seconds and a Z.
 *
 * @example
 * formatMicros(1_763_632_800_123_456); // "2025-11-20T10:00:00.123456Z"
 */
export function formatMicros(micros: number): string {
  const millis = Math.floor(micros / 1_000);
  const rest = String(micros - millis * 1_000).padStart(3, "0");
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}Z`;
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:(?:[0-5]\d|60))(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads a date and time of RFC 3339, section 5.6.
 *
 * @returns microseconds since 1970, or undefined when it is none or there is no such day
 */
export function parseMicros(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, date = "", time = "", fraction = "", zone = ""] = match;
  // A leap second has no place on POSIX's time line; it counts as the second before it.
  const seconds = Date.parse(`${date}T${time.replace(/60$/, "59")}${zone.toUpperCase()}`);
  // `Date.parse` rolls 30 February over to March; the day has to survive the round trip.
  const day = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(seconds) || Number.isNaN(day)) return undefined;
  if (new Date(day).toISOString().slice(0, 10) !== date) return undefined;
  return seconds * 1_000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}
