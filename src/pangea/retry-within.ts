import { setTimeout as sleep } from "node:timers/promises";
import type { DeliveryOutcome } from "../telemetry/exporter.ts";

/** When to try again, and when to stop. */
export interface RetryOptions {
  /** Milliseconds in which the last attempt has to be over. */
  timeoutMillis: number;
  /** Attempts after the first. */
  maxRetries: number;
  /** A number from 0 to 1. */
  random: () => number;
  /** Ends a pause: there is one attempt more, at once, and none after it. */
  hurry?: AbortSignal | undefined;
}

/** Longest wait before the first retry, doubled before each that follows. */
const firstWaitMillis = 500;
const maxWaitMillis = 5_000;

/**
 * Repeats a delivery while its outcome may pass by itself: after a random part of a growing wait, so
 * that many processes do not come back at once, or after as long as the destination asked for. Gives
 * the last outcome as soon as the next wait would end too late; it is unclear where any attempt was,
 * for a clear failure says nothing of the attempts before it. A refused token or a wrong URL does
 * not mend itself within seconds, and is not tried again.
 */
export async function retryWithin(
  attempt: (signal: AbortSignal) => Promise<DeliveryOutcome>,
  { timeoutMillis, maxRetries, random, hurry }: RetryOptions,
): Promise<DeliveryOutcome> {
  const end = performance.now() + timeoutMillis;
  const signal = AbortSignal.timeout(timeoutMillis);
  let unclear = false;
  let isLast = false;
  for (let retries = 0; ; retries++) {
    const last = await attempt(signal);
    if (last.status !== "retryable") return last;
    unclear ||= last.unclear === true;
    const outcome = { ...last, ...(unclear && { unclear }) };
    if (isLast || retries >= maxRetries) return outcome;
    if (outcome.cause.code !== "ERR_AUTHLOG_DELIVERY_RETRYABLE") return outcome;
    const longest = Math.min(maxWaitMillis, firstWaitMillis * 2 ** retries);
    // An answer that asks for 0 seconds asks for nothing: a pause of our own.
    const waitMillis = outcome.retryAfterMillis || random() * longest;
    if (performance.now() + waitMillis >= end) return outcome;
    await sleep(waitMillis, undefined, { signal: hurry }).catch(() => {
      isLast = true;
    });
  }
}
