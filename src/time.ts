/** Now, in milliseconds since 1970-01-01T00:00:00Z; fractions count. */
export type Clock = () => number;

/** Whole microseconds since 1970: the unit of Pangea's times. */
export function toMicros(millis: number): number {
  return Math.floor(millis * 1_000);
}

/** The last time that was written: where events are many, they share their milliseconds. */
let last = { millis: Number.NaN, text: "" };

/**
 * A time as Pangea writes it: UTC, with six digits of seconds, zeros too, and a Z. Its Go and Python
 * SDKs hash a time as they write it themselves, so an event with a shorter one fails there.
 *
 * @throws RangeError where JavaScript has no such time
 * @example
 * formatMicros(1_763_632_800_123_456); // "2025-11-20T10:00:00.123456Z"
 */
export function formatMicros(micros: number): string {
  const millis = Math.floor(micros / 1_000);
  if (millis !== last.millis) last = { millis, text: new Date(millis).toISOString().slice(0, -1) };
  return `${last.text}${String(micros - millis * 1_000).padStart(3, "0")}Z`;
}

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Reads a date and time of RFC 3339, section 5.6.
 *
 * @returns microseconds since 1970, or undefined when it is none or there is no such day
 */
export function parseMicros(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const [zoneHour, zoneMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60)
    return undefined;
  if (zoneHour > 23 || zoneMinute > 59 || (day > 28 && day > daysIn(year, month))) return undefined;
  // A leap second has no place on POSIX's time line; it counts as the second before it.
  const there = utcMillis(year, month - 1, day, hour, minute, Math.min(second, 59));
  const offset = (zoneHour * 60 + zoneMinute) * 60_000;
  const millis = match[8] === "-" ? there + offset : there - offset;
  return millis * 1_000 + Number((match[7] ?? "").padEnd(6, "0").slice(0, 6));
}

/** The calendar repeats every 400 years; `Date.UTC` alone takes the years 0 to 99 for 1900 to 1999. */
const cycleMillis = 146_097 * 86_400_000;

function utcMillis(year: number, ...rest: [number, number, number?, number?, number?]): number {
  return Date.UTC(year + 400, ...rest) - cycleMillis;
}

function daysIn(year: number, month: number): number {
  return new Date(utcMillis(year, month, 0)).getUTCDate();
}
