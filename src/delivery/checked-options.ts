import { AuthlogError } from "../errors.ts";
import { report } from "../telemetry/diagnostics.ts";
import { maxInFlightDefault } from "./batch-options.ts";
import { journalDefaults, type JournalOptions } from "./journal/journal-options.ts";

/** The longest delay that a timer of Node's can have. */
const longestTimerMillis = 2 ** 31 - 1;

/**
 * Options of whole numbers, each with its default where it is not set. One that cannot be used is
 * reported and its default taken: `Number(undefined)` in an app's set-up must not end a process at
 * its first sign-in.
 */
export function checkedOptions<T extends object>(
  given: Partial<T> | undefined,
  defaults: Readonly<T>,
): T {
  const checked = Object.entries(defaults).map(([name, fallback]) => {
    const value: unknown = (given as Record<string, unknown> | undefined)?.[name];
    if (value === undefined) return [name, fallback];
    const usable =
      Number.isInteger(value) && Number(value) >= 0 && Number(value) <= longestTimerMillis;
    if (!usable) report(invalid(name, fallback, longestTimerMillis));
    return [name, usable ? value : fallback];
  });
  return Object.fromEntries(checked) as T;
}

/** In the same way, and never none: nothing would be sent. */
export function checkedInFlight(maxInFlight: number = maxInFlightDefault): number {
  return Math.max(
    1,
    checkedOptions({ maxInFlight }, { maxInFlight: maxInFlightDefault }).maxInFlight,
  );
}

/** Options of the journal, in the same way: a bound that is no number would keep nothing. */
export function checkedJournal({
  dir = journalDefaults.dir,
  maxBytes = journalDefaults.maxBytes,
  onFull = journalDefaults.onFull,
}: JournalOptions = {}): Required<JournalOptions> {
  if (Number.isSafeInteger(maxBytes) && maxBytes >= 0) return { dir, maxBytes, onFull };
  report(invalid("journal.maxBytes", journalDefaults.maxBytes, Number.MAX_SAFE_INTEGER));
  return { dir, maxBytes: journalDefaults.maxBytes, onFull };
}

function invalid(name: string, fallback: unknown, most: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: `${name} of the audit processor cannot be used; ${String(fallback)} is taken.`,
    why: `It must be a whole number from 0 to ${most}.`,
    fix: `Set ${name} to such a number, or leave it out.`,
  });
}
