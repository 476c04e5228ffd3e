/** What delivery needs of the world around it. Tests pass their own. */
export interface Clock {
  /** Calls back once after so many milliseconds; the function that comes back takes that back. */
  schedule(callback: () => void, delayMillis: number): () => void;
  /** From 0 to below 1. */
  random(): number;
}

/** The world as it is. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  schedule(callback, delayMillis) {
    const timer = setTimeout(callback, delayMillis);
    timer.unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
