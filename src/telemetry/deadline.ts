/** A time by which something must have ended, whatever it waits for. */
export interface Deadline {
  readonly passed: boolean;
  /** Resolves at that time, if it was not cancelled before. */
  readonly reached: Promise<void>;
  cancel(): void;
}

/** Its timer keeps Node alive until then: whoever waits shall learn how it ended. */
export function deadlineIn(timeoutMillis: number): Deadline {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    resolve();
  }, timeoutMillis);
  return {
    get passed() {
      return passed;
    },
    reached,
    cancel: () => clearTimeout(timer),
  };
}
