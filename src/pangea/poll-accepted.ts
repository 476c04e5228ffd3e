import { setTimeout as sleep } from "node:timers/promises";

/** What is read of an answer here. */
interface Polled {
  answer: { httpStatus: number };
}

/** Waits between two questions: short at first, since most are done at once. */
const firstWaitMillis = 100;
const longestWaitMillis = 2_000;

/**
 * Asks what became of a request that was accepted (202), until there is an answer or the deadline
 * has come. Sent again instead, the events would stand in the log twice; so an answer that only
 * says that nothing is known yet, or a connection that breaks, is not the end of it.
 *
 * @returns the answer that says something of the request; undefined if there was none in time
 */
export async function pollAccepted<T extends Polled>(
  poll: () => Promise<T>,
  { signal, atOnce }: { signal: AbortSignal; atOnce: boolean },
): Promise<T | undefined> {
  let waitMillis = atOnce ? 0 : firstWaitMillis;
  while (!signal.aborted) {
    await sleep(waitMillis, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const polled = await poll().catch(() => undefined);
    if (polled !== undefined && isDecisive(polled.answer.httpStatus)) return polled;
    waitMillis = Math.min(Math.max(waitMillis * 2, firstWaitMillis), longestWaitMillis);
  }
  return undefined;
}

/** 404 is how a request that has not arrived everywhere is answered. */
function isDecisive(status: number): boolean {
  return status === 200 || (status >= 400 && status < 500 && ![404, 408, 429].includes(status));
}
