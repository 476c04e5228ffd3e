import type { Answer } from "./answer.ts";

/**
 * For how many milliseconds an answer asks to be left alone: seconds, or an HTTP date (RFC 9110,
 * section 10.2.3). A date is the receiver's: measured by a clock of ours that is a day off, it would
 * mean a day, or nothing. Whatever else stands there is as if nothing did: read kindly, "0.1" and
 * "-5" would be dates long past, and mean at once.
 *
 * @param nowMillis milliseconds since 1970, where the receiver does not tell its own time
 */
export function parseRetryAfter(
  { retryAfter = "", date = "" }: Pick<Answer, "retryAfter" | "date">,
  nowMillis: number,
): number | undefined {
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const until = parseDate(retryAfter);
  return until === undefined ? undefined : Math.max(0, until - (parseDate(date) ?? nowMillis));
}

/** An IMF-fixdate (RFC 9110, section 5.6.7), in milliseconds since 1970. */
function parseDate(text: string): number | undefined {
  const date = new Date(text);
  // That is the one form in which a date is written back.
  return date.toUTCString() === text && !Number.isNaN(date.getTime()) ? date.getTime() : undefined;
}
