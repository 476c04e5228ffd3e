import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "./answer.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** What is read of an answer here. */
interface Polled {
  answer: Pick<Answer, "httpStatus" | "retryAfter" | "date">;
}

/** Waits between two questions where the service asks for none: short at first, since most are done at once. */
const firstWaitMillis = 100;
const longestWaitMillis = 2_000;

/** How it is asked. */
interface PollOptions {
  signal: AbortSignal;
  /** Whether the first question waits for nothing: an attempt before this one did. */
  atOnce: boolean;
  /** The answer that accepted the request. */
  accepted: Pick<Answer, "retryAfter" | "date">;
}

/**
 * Asks what became of a request that was accepted (202), until there is an answer or the deadline
 * has come. Sent again instead, the events would stand in the log twice; so an answer that only
 * says that nothing is known yet, or a connection that breaks, is not the end of it. As long as a
 * Retry-After asks for, nothing is asked.
 *
 * @returns the answer that says something of the request; undefined if there was none in time
 */
export async function pollAccepted<T extends Polled>(
  poll: () => Promise<T>,
  { signal, atOnce, accepted }: PollOptions,
): Promise<T | undefined> {
  let ownMillis = atOnce ? 0 : firstWaitMillis;
  let askedMillis = atOnce ? undefined : parseRetryAfter(accepted, Date.now());
  while (!signal.aborted) {
    await sleep(askedMillis || ownMillis, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const polled = await poll().catch(() => undefined);
    if (polled !== undefined && isDecisive(polled.answer.httpStatus)) return polled;
    askedMillis = polled && parseRetryAfter(polled.answer, Date.now());
    ownMillis = Math.min(Math.max(ownMillis * 2, firstWaitMillis), longestWaitMillis);
  }
  return undefined;
}

/** 404 is how a request that has not arrived everywhere is answered. */
function isDecisive(status: number): boolean {
  return status === 200 || (status >= 400 && status < 500 && ![404, 408, 429].includes(status));
}
