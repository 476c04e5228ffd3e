import type { Clock } from "./clock.ts";

/** The times in which a receiver is left alone. */
export class Pauses {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  /** Takes back the timer of the pause after a failure. */
  #cancelBackoff: (() => void) | undefined;
  /** Take back the timers of those that the receiver asked for. */
  readonly #asked = new Set<() => void>();
  /** Take back the timers of what waits by itself. */
  readonly #rests = new Set<() => void>();

  /** @param onEnd called when something may be sent again */
  constructor(clock: Clock, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /** Whether nothing may be sent. */
  get on(): boolean {
    return this.#cancelBackoff !== undefined || this.#asked.size > 0;
  }

  /** Begins the pause after a failure. */
  backOff(millis: number): void {
    this.endBackoff();
    this.#cancelBackoff = this.#clock.schedule(() => {
      this.#cancelBackoff = undefined;
      this.#onEnd();
    }, millis);
  }

  /** Ends that: somebody is in a hurry. What the receiver asked for stays. */
  endBackoff(): void {
    this.#cancelBackoff?.();
    this.#cancelBackoff = undefined;
  }

  /**
   * The receiver asked to be left alone for so long: that counts in place of a pause of our own. Of
   * several such, the longest counts.
   */
  obey(millis: number): void {
    this.endBackoff();
    this.#after(this.#asked, millis, this.#onEnd);
  }

  /** Has something wait by itself, while the rest goes on. */
  rest(millis: number, wake: () => void): void {
    this.#after(this.#rests, millis, () => {
      wake();
      this.#onEnd();
    });
  }

  /** Ends all that keeps everything from being sent, for the last attempts of a process. */
  override(): void {
    this.endBackoff();
    clear(this.#asked);
  }

  /** Ends all of them, and tells nobody. */
  cancel(): void {
    this.override();
    clear(this.#rests);
  }

  #after(timers: Set<() => void>, millis: number, onEnd: () => void): void {
    const cancel = this.#clock.schedule(() => {
      timers.delete(cancel);
      onEnd();
    }, millis);
    timers.add(cancel);
  }
}

function clear(timers: Set<() => void>): void {
  for (const cancel of timers) cancel();
  timers.clear();
}
