import { AuthlogError } from "../errors.ts";
import { getSlot } from "../slot.ts";
import { deadlineIn } from "./deadline.ts";
import { report } from "./diagnostics.ts";
import { loggerProviders } from "./logger.ts";
import { type LossWatch, watchLosses } from "./unconfirmed.ts";

/** How a flush waits. */
export interface FlushOptions {
  /**
   * How long it waits at most, in milliseconds.
   * @default 5000
   */
  timeoutMillis?: number;
}

/** How long a flush, and the end of a request, wait where nobody says otherwise. */
export const defaultFlushMillis = 5000;

/**
 * Sends what waits now, and resolves when the audit log has confirmed it; also has the app's own
 * LoggerProvider flushed. Call it at the end of a script, in a signal handler, or where a serverless
 * platform stops the process after the answer. Never rejects.
 *
 * @returns `true` only if the audit log has confirmed every event that happened before the call;
 *   `false` where one still waits when the time is up, was refused, or is lost. What waits stays in
 *   the queue while the process lives, and the next flush speaks of it again. What is refused or lost
 *   is reported once: by the flushes under way then, or else by the next one. A collector beside the
 *   audit log that is down makes no flush false.
 * @example
 * process.once("SIGTERM", async () => {
 *   await flush({ timeoutMillis: 8000 });
 *   process.exit();
 * });
 */
export async function flush({
  timeoutMillis = defaultFlushMillis,
}: FlushOptions = {}): Promise<boolean> {
  const losses = watchLosses();
  const settled = await sendAll(timeoutMillis, losses);
  return !losses.end() && settled;
}

/**
 * A flush whose result nobody reads: what is lost is left for one whose caller does.
 *
 * @returns whether nothing waits any more of what had happened; it may be refused
 */
export async function sendAll(timeoutMillis: number, losses?: LossWatch): Promise<boolean> {
  const { tellers, queues, unconfirmed } = getSlot();
  const deadline = deadlineIn(timeoutMillis);
  const began = performance.now();
  await Promise.race([Promise.allSettled(unconfirmed.pending), deadline.reached]);
  const isWhole = !deadline.passed;
  for (const tell of tellers) tell();
  losses?.close();
  const wait = { timeoutMillis: timeoutMillis - (performance.now() - began), urgent: true };
  const settling = Promise.all([...queues].map((queue) => queue.settle(wait)));
  const flushing = Promise.all(loggerProviders().map(async (provider) => provider.forceFlush?.()));
  await Promise.race([Promise.allSettled([settling, flushing]), deadline.reached]);
  deadline.cancel();
  const isSettled = (await ended(settling))?.every(Boolean) === true;
  if (isSettled && (await ended(flushing)) === undefined) report(notFlushed());
  return isWhole && isSettled;
}

/** What a promise has resolved to by now; nothing of one that failed, or is still under way. */
function ended<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([promise, Promise.resolve(undefined)]).catch(() => undefined);
}

function notFlushed(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_PROVIDER_NOT_FLUSHED", {
    message: "The audit log has every event, but the app's LoggerProvider could not be flushed.",
    why: "The collector behind it is down or slow, or one of its processors failed.",
    fix: "Look at the collector, and at the processors of your LoggerProvider. What flush() returns is of the audit log alone.",
  });
}
