import type { Clock } from "../../src/delivery/clock.ts";

interface Timer {
  readonly atMillis: number;
  readonly callback: () => void;
}

/** A clock on which an hour takes no time: it goes on when it is told to. */
export class SimulatedClock implements Clock {
  readonly random: () => number;
  #nowMillis = 0;
  #timers = new Set<Timer>();
  #real = false;

  /** @param random numbers from 0 to below 1 */
  constructor(random: () => number) {
    this.random = random;
  }

  /** Since the clock was made. */
  get nowMillis(): number {
    return this.#nowMillis;
  }

  /** When the next timer runs out; none where there is no timer. */
  get nextMillis(): number | undefined {
    const times = [...this.#timers].map(({ atMillis }) => atMillis);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  schedule(callback: () => void, delayMillis: number): () => void {
    if (this.#real) {
      const timeout = setTimeout(callback, delayMillis);
      return () => clearTimeout(timeout);
    }
    const timer = { atMillis: this.#nowMillis + delayMillis, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Goes on to a time, and runs the timers that have run out by then, in order. */
  advanceTo(millis: number): void {
    for (let next = this.nextMillis; next !== undefined && next <= millis; next = this.nextMillis) {
      this.#nowMillis = next;
      for (const timer of this.#timers) {
        if (timer.atMillis !== next) continue;
        this.#timers.delete(timer);
        timer.callback();
        break;
      }
    }
    this.#nowMillis = Math.max(this.#nowMillis, millis);
  }

  /** Forgets the timers of a process that is gone. */
  clear(): void {
    this.#timers = new Set();
  }

  /** From now on its timers are those of the world; those that are set run out at once. */
  goLive(): void {
    this.#real = true;
    for (const { callback } of this.#timers) setTimeout(callback, 0);
    this.#timers = new Set();
  }
}
