import type { Clock } from "../clock.ts";

/** After a fault of the disk it is tried again so soon, and then at growing intervals. */
const firstMillis = 1000;
const lastMillis = 30_000;

/** How long a disk that failed is left alone. */
export class FaultPause {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #cancel: (() => void) | undefined;
  #fault: unknown;
  /** Faults since the disk took something. */
  #faults = 0;

  constructor(clock: Clock, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  get on(): boolean {
    return this.#cancel !== undefined;
  }

  /** Why it began. */
  get fault(): unknown {
    return this.#fault;
  }

  /** The disk failed. Faults during a pause do not prolong it. */
  begin(fault: unknown): void {
    if (this.on) return;
    this.#fault = fault;
    this.#faults += 1;
    const millis = Math.min(lastMillis, firstMillis * 2 ** (this.#faults - 1));
    this.#cancel = this.#clock.schedule(() => {
      this.#cancel = undefined;
      this.#onEnd();
    }, millis);
  }

  /** The disk took something: the next pause is a short one again. */
  forget(): void {
    this.#faults = 0;
  }

  /** Ends it without another try. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
