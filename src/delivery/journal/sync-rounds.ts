import { type Deferred, deferred } from "../../telemetry/built-ins.ts";

/** So many appends let a sync begin in the middle of a turn of the event loop, at the least. */
const leastCrowd = 32;

/**
 * Group commit: all who wait at the same time share one sync, and one is under way at a time. The
 * next one begins as soon as that has ended, before those who waited for it go on: while the disk
 * works for some, others make their lines. Of many who wait, half are in each: were they few here and
 * many there, the disk would wait for those, and all of them for the disk.
 */
export class SyncRounds {
  readonly #sync: () => Promise<void>;
  #current: Promise<void> | undefined;
  #next: Deferred<void> | undefined;
  /** Appends that the next sync is to cover. */
  #gathered = 0;
  /** With so many it begins. */
  #crowd = leastCrowd;

  /** @param sync has on the disk what was appended before it is called */
  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Something was appended, and is to be on the disk soon. Nobody has to wait for that. */
  add(): void {
    void this.#plan();
    this.#gathered += 1;
    if (this.#gathered >= this.#crowd) this.#begin();
  }

  /**
   * Resolves when all that was added is on the disk.
   *
   * @throws what the sync throws
   */
  reached(): Promise<void> {
    if (this.#next === undefined && this.#current !== undefined) return this.#current;
    return this.#plan();
  }

  #plan(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = deferred();
      // Where nobody waits, nobody hears of the failure here: it is reported where it happens.
      this.#next.promise.catch(() => {});
      this.#beginSoon();
    }
    return this.#next.promise;
  }

  /** Whoever else appends in this turn of the event loop is synced along. */
  #beginSoon(): void {
    setImmediate(() => this.#begin());
  }

  #begin(): void {
    if (this.#next === undefined || this.#current !== undefined) return;
    const { promise, resolve, reject } = this.#next;
    this.#current = promise;
    this.#next = undefined;
    const covered = this.#gathered;
    this.#gathered = 0;
    const end = (tell: () => void): void => {
      this.#current = undefined;
      const half = (covered + this.#gathered) / 2;
      this.#crowd = Math.max(leastCrowd, half);
      if (half < leastCrowd || this.#gathered >= half) this.#begin();
      else if (this.#next !== undefined) this.#beginSoon();
      tell();
    };
    this.#sync().then(
      () => end(resolve),
      (error: unknown) => end(() => reject(error)),
    );
  }
}
