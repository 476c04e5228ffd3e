import { deferred } from "../telemetry/built-ins.ts";
import { reportUncaptured } from "./emit-event.ts";

/**
 * Waits for what is being found out for an event, but no longer than that: what is late is reported,
 * and no answer waits for it. Rejects only as the promise does, in time.
 *
 * @returns what the promise gave, or `undefined` where it is late
 */
export async function within<T>(promise: Promise<T>, millis: number): Promise<T | undefined> {
  const { promise: late, resolve } = deferred<undefined>();
  const timer = setTimeout(() => {
    reportUncaptured();
    resolve(undefined);
  }, millis);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
