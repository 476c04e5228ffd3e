import { AuthlogError } from "../errors.ts";
import { deadlineIn } from "../telemetry/deadline.ts";
import { report } from "../telemetry/diagnostics.ts";
import { diskSlow } from "./processor-errors.ts";

/** Those who come so soon after another share its timer: nobody waits much less than they may. */
const sharedMillis = 50;

/** Waits for the disk, as long as a user may be made to wait. */
export class DiskWait {
  #round: Promise<void> | undefined;
  #sinceMillis = 0;
  #end: Promise<void> = Promise.resolve();
  readonly #ends = new Set<Promise<void>>();

  /**
   * Resolves when the sync has ended, well or not, or when the time is up. Never rejects.
   *
   * @param round the sync
   */
  end(round: Promise<void>, timeoutMillis: number): Promise<void> {
    const nowMillis = performance.now();
    if (this.#round !== round || nowMillis - this.#sinceMillis > sharedMillis) {
      this.#round = round;
      this.#sinceMillis = nowMillis;
      const end = waitFor(round, timeoutMillis).finally(() => this.#ends.delete(end));
      this.#ends.add(end);
      this.#end = end;
    }
    return this.#end;
  }

  /** Resolves when nobody waits any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends);
  }
}

async function waitFor(round: Promise<void>, timeoutMillis: number): Promise<void> {
  const deadline = deadlineIn(timeoutMillis);
  const ended = round.catch((error: unknown) => {
    // The system's errors are reported where they happen.
    if (AuthlogError.is(error)) report(error);
  });
  await Promise.race([ended, deadline.reached]);
  if (deadline.passed) report(diskSlow(timeoutMillis));
  deadline.cancel();
}
