import { getSlot } from "../slot.ts";
import { deadlineIn } from "./deadline.ts";
import { loggerProviders } from "./logger.ts";

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
 * @returns whether all that happened before the call is confirmed; what is not stays in the queue
 *   while the process lives
 * @example
 * process.once("SIGTERM", async () => {
 *   await flush({ timeoutMillis: 8000 });
 *   process.exit();
 * });
 */
export async function flush({
  timeoutMillis = defaultFlushMillis,
}: FlushOptions = {}): Promise<boolean> {
  const { tellers, queues } = getSlot();
  for (const tell of tellers) tell();
  const confirmed = [...queues].map((queue) => queue.settle({ timeoutMillis, urgent: true }));
  const flushed = loggerProviders().map(async (provider) => provider.forceFlush?.());
  const deadline = deadlineIn(timeoutMillis);
  await Promise.race([Promise.allSettled([...confirmed, ...flushed]), deadline.reached]);
  deadline.cancel();
  if (deadline.passed) return false;
  return (await Promise.all(confirmed)).every(Boolean);
}
