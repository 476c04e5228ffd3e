import type { AuthlogError } from "../errors.ts";
import type {
  DeliveryOutcome,
  ReadableLogRecord,
  Retryable,
  Settled,
} from "../telemetry/exporter.ts";
import { mayBeThere, type StoredLetter } from "./letter-lines.ts";

/**
 * Delivers one batch. Never rejects.
 *
 * @param mayBeThere those that the destination may have: they were given up, an earlier retry was
 *   killed, or an attempt ended without a clear answer
 */
export type DeliverRecords = (
  records: readonly ReadableLogRecord[],
  mayBeThere: ReadonlySet<ReadableLogRecord>,
) => Promise<DeliveryOutcome>;

/**
 * What became of a letter: it was taken, or refused for good by a reason; the destination failed over
 * it alone, or over some that it was among, and takes nothing now.
 */
export type LetterFate = "delivered" | "failed" | "suspected" | AuthlogError;

/** What became of letters that were sent. */
export interface LetterFates {
  readonly fates: ReadonlyMap<StoredLetter, LetterFate>;
  /** Those that the destination may have, by one of the attempts. */
  readonly doubtful: ReadonlySet<StoredLetter>;
}

/** Failures in a row after which the next attempt is one letter: is there any that is taken? */
const failuresToProbe = 2;

/** Letters that fail in a row, each alone, after which the destination counts as down. */
const lettersToStop = 3;

/** The same, once it took something. */
const lettersToStopLater = 10;

/** Delivers letters, and finds those that the destination fails over, unless it fails over any. */
export class LetterDelivery {
  readonly #deliver: DeliverRecords;
  /** Attempts, and letters alone, that failed since something was taken. */
  #failures = 0;
  #failedAlone = 0;
  #hasTaken = false;
  #down = false;
  #cause: AuthlogError | undefined;

  constructor(deliver: DeliverRecords) {
    this.#deliver = deliver;
  }

  /** Whether the destination takes nothing now: nothing more is sent. */
  get down(): boolean {
    return this.#down;
  }

  /** Why an attempt failed, the last one that did. */
  get cause(): AuthlogError | undefined {
    return this.#cause;
  }

  /**
   * Sends letters in one batch; one that fails is halved, until the letter at fault stands alone. Each
   * half waits until the others have had their turn.
   */
  async send(letters: readonly StoredLetter[]): Promise<LetterFates> {
    const fates = new Map<StoredLetter, LetterFate>();
    const doubtful = new Set<StoredLetter>();
    const parts = letters.length > 0 ? [letters] : [];
    for (let part = parts.shift(); part !== undefined && !this.#down; part = parts.shift()) {
      if (part.length > 1 && this.#failures >= failuresToProbe) {
        // From one end, then from the other: letters that fail often stand beside one another.
        const [one, others] = this.#failedAlone % 2 === 0 ? lastOf(part) : firstOf(part);
        parts.push(others);
        part = one;
      }
      const outcome = await this.#attempt(part, doubtful);
      for (const { index, cause } of settledBy(outcome, part.length)) {
        const letter = part[index];
        if (letter !== undefined) fates.set(letter, cause ?? "delivered");
      }
      const open = part.filter((letter) => !fates.has(letter));
      if (hasTaken(outcome)) this.#succeed();
      if (outcome.status !== "retryable") continue;
      if (outcome.unclear === true) for (const letter of open) doubtful.add(letter);
      this.#fail(outcome, part.length === 1);
      if (open.length < part.length) parts.push(open);
      else if (open.length > 1) parts.push(...halves(open));
      else for (const letter of open) fates.set(letter, "failed");
    }
    for (const letter of letters) if (!fates.has(letter)) fates.set(letter, "suspected");
    return { fates, doubtful };
  }

  #attempt(
    part: readonly StoredLetter[],
    doubtful: ReadonlySet<StoredLetter>,
  ): Promise<DeliveryOutcome> {
    const inDoubt = part.filter((letter) => mayBeThere(letter) || doubtful.has(letter));
    return this.#deliver(
      part.map(({ record }) => record),
      new Set(inDoubt.map(({ record }) => record)),
    );
  }

  #succeed(): void {
    this.#failures = this.#failedAlone = 0;
    this.#hasTaken = true;
  }

  #fail({ cause, retryAfterMillis = 0 }: Retryable, alone: boolean): void {
    this.#cause = cause;
    this.#failures += 1;
    if (alone) this.#failedAlone += 1;
    // A destination that says when to come back takes nothing until then.
    const most = this.#hasTaken ? lettersToStopLater : lettersToStop;
    this.#down = retryAfterMillis > 0 || this.#failedAlone >= most;
  }
}

/** Whether the destination took something, or said clearly that it does not. */
function hasTaken(outcome: DeliveryOutcome): boolean {
  if (outcome.status !== "retryable") return true;
  return outcome.settled?.some(({ cause }) => cause === undefined) === true;
}

function settledBy(outcome: DeliveryOutcome, count: number): readonly Settled[] {
  if (outcome.status === "retryable") return outcome.settled ?? [];
  const all = Array.from({ length: count }, (_, index) => ({ index }));
  return outcome.status === "rejected" ? [...all, ...outcome.records] : all;
}

type Pair<T> = [readonly T[], readonly T[]];

const firstOf = <T>(items: readonly T[]): Pair<T> => [items.slice(0, 1), items.slice(1)];
const lastOf = <T>(items: readonly T[]): Pair<T> => [items.slice(-1), items.slice(0, -1)];

function halves<T>(items: readonly T[]): Pair<T> {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
