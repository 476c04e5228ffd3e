import { deferred } from "./built-ins.ts";

/** A time by which something must have ended, whatever it waits for. */
export interface Deadline {
  readonly passed: boolean;
  /** Resolves at that time, if it was not cancelled before. */
  readonly reached: Promise<void>;
  cancel(): void;
}

/** The longest wait of Node's timers; one that is asked for more fires at once. */
const longestMillis = 2 ** 31 - 1;

/**
 * Its timer keeps Node alive until then: whoever waits shall learn how it ended.
 *
 * @param timeoutMillis any number: without a bound it waits as long as a timer can, and for what is
 *   no number, or below 0, not at all
 */
export function deadlineIn(timeoutMillis: number): Deadline {
  const { promise: reached, resolve } = deferred<void>();
  const waitMillis = Math.min(Math.max(0, timeoutMillis) || 0, longestMillis);
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    resolve();
  }, waitMillis);
  return {
    get passed() {
      return passed;
    },
    reached,
    cancel: () => clearTimeout(timer),
  };
}
