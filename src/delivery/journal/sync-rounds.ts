import { setImmediate } from "node:timers/promises";

/** Group commit: all who wait at the same time share one sync, and one is under way at a time. */
export class SyncRounds {
  readonly #sync: () => Promise<void>;
  #round: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** @param sync has on the disk what was appended before it is called */
  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /**
   * The sync that begins next, and so covers all that was appended before the call. Nobody has to
   * wait for it.
   *
   * @throws what the sync throws
   */
  next(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#after(this.#round);
      this.#next.catch(() => {});
    }
    return this.#next;
  }

  async #after(round: Promise<void>): Promise<void> {
    await Promise.allSettled([round]);
    // Whoever else appends in this turn of the event loop is synced along.
    await setImmediate();
    this.#next = undefined;
    this.#round = this.#sync();
    await this.#round;
  }
}
