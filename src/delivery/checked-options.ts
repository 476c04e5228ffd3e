import { AuthlogError } from "../errors.ts";
import { report } from "../telemetry/diagnostics.ts";
import { batchDefaults, type BatchOptions, maxInFlightDefault } from "./batch-options.ts";
import { journalDefaults, type JournalOptions } from "./journal/journal-options.ts";
import { retryDefaults, type RetryOptions } from "./retry.ts";

/** The longest delay that a timer of Node's can have. */
const longestTimerMillis = 2 ** 31 - 1;

/** With none of any other, nothing would be sent, or all of it without a pause. */
const mayBeNone: ReadonlySet<string> = new Set(["scheduledDelayMillis"]);

/**
 * Options of whole numbers, each with its default where it is not set. One that cannot be used is
 * reported and its default taken: `Number(undefined)` in an app's set-up must not end a process at
 * its first sign-in.
 */
function checkedOptions<T extends object>(given: Partial<T> | undefined, defaults: Readonly<T>): T {
  const checked = Object.entries(defaults).map(([name, fallback]) => {
    const value: unknown = (given as Record<string, unknown> | undefined)?.[name];
    if (value === undefined) return [name, fallback];
    const least = mayBeNone.has(name) ? 0 : 1;
    const usable =
      Number.isInteger(value) && Number(value) >= least && Number(value) <= longestTimerMillis;
    if (!usable) report(invalid(name, fallback, least, longestTimerMillis));
    return [name, usable ? value : fallback];
  });
  return Object.fromEntries(checked) as T;
}

/** How records are batched: a batch is never larger than the queue, or none would ever be full. */
export function checkedBatch(given: BatchOptions): Required<BatchOptions> {
  const batch = checkedOptions(given, batchDefaults);
  return { ...batch, maxExportBatchSize: Math.min(batch.maxExportBatchSize, batch.maxQueueSize) };
}

/** How failed deliveries are repeated. */
export function checkedRetry(given: RetryOptions | undefined): Required<RetryOptions> {
  return checkedOptions(given, retryDefaults);
}

/** How many batches are under way at once. */
export function checkedInFlight(maxInFlight: number | undefined): number {
  const defaults = { maxInFlight: maxInFlightDefault };
  const given = maxInFlight === undefined ? undefined : { maxInFlight };
  return checkedOptions(given, defaults).maxInFlight;
}

/** Options of the journal, in the same way: a bound that is no number would keep nothing. */
export function checkedJournal({
  dir = journalDefaults.dir,
  maxBytes = journalDefaults.maxBytes,
  onFull = journalDefaults.onFull,
}: JournalOptions = {}): Required<JournalOptions> {
  if (Number.isSafeInteger(maxBytes) && maxBytes >= 1) return { dir, maxBytes, onFull };
  report(invalid("journal.maxBytes", journalDefaults.maxBytes, 1, Number.MAX_SAFE_INTEGER));
  return { dir, maxBytes: journalDefaults.maxBytes, onFull };
}

function invalid(name: string, fallback: unknown, least: number, most: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: `${name} of the audit processor cannot be used; ${String(fallback)} is taken.`,
    why: `It must be a whole number from ${least} to ${most}.`,
    fix: `Set ${name} to such a number, or leave it out.`,
  });
}
