import { deadlineIn } from "../telemetry/deadline.ts";
import { report } from "../telemetry/diagnostics.ts";
import { diskSlow } from "./processor-errors.ts";

/** Waits for the disk, as long as a user may be made to wait. Those who wait for the same sync share one wait. */
export class DiskWait {
  #round: Promise<void> | undefined;
  #end: Promise<void> = Promise.resolve();

  /**
   * Resolves when the sync has ended, well or not, or when the time is up. Never rejects.
   *
   * @param round the sync
   */
  end(round: Promise<void>, timeoutMillis: number): Promise<void> {
    if (this.#round !== round) {
      this.#round = round;
      this.#end = waitFor(round, timeoutMillis);
    }
    return this.#end;
  }
}

async function waitFor(round: Promise<void>, timeoutMillis: number): Promise<void> {
  const deadline = deadlineIn(timeoutMillis);
  // What keeps it from the disk is reported where it happens.
  await Promise.race([round.catch(() => {}), deadline.reached]);
  if (deadline.passed) report(diskSlow(timeoutMillis));
  deadline.cancel();
}
