import type { Batch, Tally } from "./batch.ts";

/** What a failure says of the batch. */
export type Suspicion =
  /** Nothing: the receiver may be down. */
  | "none"
  /** The receiver took others since: a record of this batch seems to be at fault. */
  | "suspect"
  /** It was a suspect before, and nothing was taken since: it can be either. */
  | "doubtful";

/** Where a third of what is taken, or more, had failed before, a failure says nothing of a batch. */
const recoveredAtMost = 1 / 3;

/**
 * Finds out why batches fail. A receiver that is down, and a record that it cannot take, look alike
 * until it takes anything else: so only what fails between successes of others is under suspicion.
 */
export class Blame {
  #tally: Tally = { taken: 0, recovered: 0 };

  /** A batch, or its one record that was tried, was taken. */
  noteTaken({ failures, probe }: Batch): void {
    const hasRecovered = failures > 0 && probe === undefined;
    const { taken, recovered } = this.#tally;
    this.#tally = { taken: taken + 1, recovered: recovered + (hasRecovered ? 1 : 0) };
  }

  /**
   * A batch was not taken. Its strikes are counted.
   *
   * @param blamed whether its records may be why: not where the receiver is busy
   */
  noteFailed(batch: Batch, blamed: boolean): Suspicion {
    const { taken, recovered } = this.#since(batch);
    // A single record says nothing of the others.
    const isWhole = batch.probe === undefined;
    // Where many others failed as well, and were taken later as they were, it fails whatever it is sent.
    const isSuspect = blamed && isWhole && recovered < taken * recoveredAtMost;
    if (isSuspect) batch.strikes += 1;
    batch.failures += 1;
    if (isWhole) batch.atFailure = this.#tally;
    if (isSuspect) return "suspect";
    return blamed && batch.strikes > 0 ? "doubtful" : "none";
  }

  /** Whether the receiver took anything since the batch failed last. */
  tookSince(batch: Batch): boolean {
    return this.#since(batch).taken > 0;
  }

  #since({ atFailure = this.#tally }: Batch): Tally {
    const { taken, recovered } = this.#tally;
    return { taken: taken - atFailure.taken, recovered: recovered - atFailure.recovered };
  }
}
