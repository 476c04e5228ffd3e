import { getSlot } from "../slot.ts";
import { deadlineIn } from "./deadline.ts";
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
  let settled = false;
  const wait = { timeoutMillis: timeoutMillis - (performance.now() - began), urgent: true };
  const all = Promise.all([...queues].map((queue) => queue.settle(wait))).then((each) => {
    settled = each.every(Boolean);
  });
  const flushed = loggerProviders().map(async (provider) => provider.forceFlush?.());
  await Promise.race([Promise.allSettled([all, ...flushed]), deadline.reached]);
  deadline.cancel();
  return isWhole && settled;
}
