import { setTimeout as sleep } from "node:timers/promises";

/** What is read of an answer here. */
interface Polled {
  parsed: { request_id: string };
  answer: { httpStatus: number };
}

/** Waits between two questions: short at first, since most are done at once. */
const firstWaitMillis = 100;
const longestWaitMillis = 2_000;

/** Pangea's form of a request's id: whatever else stands there must not become a path. */
const requestId = /^prq_[a-z0-9]{32}$/;

/**
 * Asks what became of a request that was accepted (202), until there is an answer or the deadline
 * has come. Sent again instead, the events would stand in the log twice; so an answer that only
 * says that nothing is known yet, or a connection that breaks, is not the end of it.
 *
 * @returns the last answer that says something of the request; at the deadline, that it was accepted.
 */
export async function pollAccepted<T extends Polled>(
  accepted: T,
  poll: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  if (!requestId.test(accepted.parsed.request_id)) return accepted;
  for (let waitMillis = firstWaitMillis; !signal.aborted; waitMillis *= 2) {
    await sleep(Math.min(waitMillis, longestWaitMillis), undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const polled = await poll().catch(() => undefined);
    if (polled !== undefined && isDecisive(polled.answer.httpStatus)) return polled;
  }
  return accepted;
}

/** 404 is how a request that has not arrived everywhere is answered. */
function isDecisive(status: number): boolean {
  return status === 200 || (status >= 400 && status < 500 && ![404, 408, 429].includes(status));
}
