import { parseMicros, toMicros } from "../time.ts";

/** Units of Pangea's `Duration`; a month is 30 days and a year 365, as nothing there says otherwise. */
const seconds = { s: 1, mi: 60, h: 3_600, d: 86_400, w: 604_800, mo: 2_592_000, y: 31_536_000 };

const duration =
  /^(\d{1,12})(?:(s|sec|secs|second|seconds)|(mi|min|mins|minute|minutes)|(h|hr|hrs|hour|hours)|(d|da|day|days)|(w|week|weeks)|(mo|mon|month|months)|(y|year|years))$/;
const units = ["s", "mi", "h", "d", "w", "mo", "y"] as const;

/**
 * Reads the `DateTimeRel` of Pangea's OpenAPI document: a time, or how long ago.
 *
 * @returns microseconds since 1970, or undefined when the text is neither
 * @example
 * parseDateTimeRel("7d", now); // a week before now
 */
export function parseDateTimeRel(text: string, nowMillis: number): number | undefined {
  const match = duration.exec(text);
  if (match === null) return parseMicros(normalize(text));
  const unit = units[match.slice(2).findIndex((word) => word !== undefined)] ?? "s";
  return toMicros(nowMillis - Number(match[1]) * seconds[unit] * 1_000);
}

const absolute =
  /^(\d{4})-(\d{1,2})-(\d{1,2})T(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,6})?(?:Z|([+-])(\d{1,2}):?(\d{1,2})?)?$/;

/** The document's pattern allows single digits and no zone; UTC is meant then. */
function normalize(text: string): string {
  const match = absolute.exec(text);
  if (match === null) return text;
  const [, year, month, day, hour, minute, second, fraction = "", sign, zoneHour, zoneMinute] =
    match;
  const zone = sign === undefined ? "Z" : `${sign}${pad(zoneHour)}:${pad(zoneMinute)}`;
  return `${year}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}${fraction}${zone}`;
}

function pad(digits = "0"): string {
  return digits.padStart(2, "0");
}
