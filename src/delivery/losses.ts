import { AuthlogError, type AuthlogErrorCode, errorKind } from "../errors.ts";
import { type AuthLogRecord, type Component, getSlot } from "../slot.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { Rejection } from "../telemetry/exporter.ts";
import { countProcessed } from "../telemetry/self-metrics.ts";
import { noteLost } from "../telemetry/unconfirmed.ts";
import { eventNames } from "../vocabulary.ts";
import type { Kept } from "./batch.ts";
import type { Clock } from "./clock.ts";
import type { DeadLetter, DeadLetters } from "./dead-letter.ts";
import { Gaps } from "./gaps.ts";
import type { Gone } from "./journal/journal-entry.ts";
import { type Span, spanOf } from "./span.ts";

const letterLost = "ERR_AUTHLOG_DEAD_LETTER_FAILED";

/** What {@link Losses} need. */
export interface LossesOptions {
  component: Component;
  clock: Clock;
  deadLetters: DeadLetters | undefined;
  /** Whether a dead letter is kept only when it is on the disk. */
  durable: boolean;
  /** Takes the event of a gap where no LoggerProvider does. */
  sink: (record: AuthLogRecord) => void;
}

/**
 * What does not arrive: it is counted, reported, kept among the dead letters where it was rejected,
 * and told in the trail where it is gone.
 */
export class Losses {
  readonly #component: Component;
  readonly #deadLetters: DeadLetters | undefined;
  readonly #durable: boolean;
  readonly #gaps: Gaps;
  /** Dead letters that are not on the disk yet. */
  readonly #burials = new Set<Promise<void>>();
  #count = 0;
  #silent = false;

  constructor({ component, clock, deadLetters, durable, sink }: LossesOptions) {
    this.#component = component;
    this.#deadLetters = deadLetters;
    this.#durable = durable;
    this.#gaps = new Gaps(clock, sink);
  }

  /** Records that are gone, since the start. */
  get count(): number {
    return this.#count;
  }

  /** Notes records that are gone. */
  add({ cause, count, span, ofDead = false }: Gone): void {
    countProcessed(this.#component, count, cause.code);
    report(cause);
    this.#note(cause.code, count, span);
    if (count > 0) this.#noteLost(span, ofDead);
  }

  /**
   * Keeps what was rejected, as far as it can.
   *
   * @param onKept called when it is kept, or told as gone: nobody else has to keep it then
   */
  bury(kept: readonly Kept[], rejections: readonly Rejection[], onKept: () => void): void {
    const letters = rejections.flatMap(({ index, cause }): DeadLetter[] => {
      countProcessed(this.#component, 1, cause.code);
      report(cause);
      const rejected = kept[index];
      if (rejected === undefined) return [];
      const { record, mayBeThere = false, unclear = false } = rejected;
      this.#noteLost(spanOf(record), mayBeThere);
      return [{ record, cause, ...((mayBeThere || unclear) && { mayBeThere: true }) }];
    });
    const written = this.#write(letters);
    if (!this.#durable || this.#deadLetters?.onDisk === undefined) return onKept();
    const burial = this.#awaitDisk(this.#deadLetters, written).finally(() => {
      this.#burials.delete(burial);
      onKept();
    });
    this.#burials.add(burial);
  }

  /** Resolves when all that was buried is kept, or told as gone. */
  async buried(): Promise<void> {
    await Promise.all(this.#burials);
  }

  /** See {@link Gaps.tell}. */
  tell(last?: boolean): boolean {
    return this.#gaps.tell(last);
  }

  /** Tells nothing more in the trail: nobody keeps it. */
  silence(): void {
    this.#silent = true;
  }

  /** @returns the letters that were written; the others are told as gone */
  #write(letters: readonly DeadLetter[]): readonly DeadLetter[] {
    if (this.#deadLetters === undefined) {
      for (const letter of letters) this.#noteLetter(letter, letter.cause.code);
      return [];
    }
    const lost = lostOf(this.#deadLetters, letters);
    for (const letter of lost) this.#noteLetter(letter, letterLost);
    return letters.filter((letter) => !lost.includes(letter));
  }

  async #awaitDisk(deadLetters: DeadLetters, letters: readonly DeadLetter[]): Promise<void> {
    try {
      await onDiskOf(deadLetters);
    } catch {
      // It was reported where it happened.
      for (const letter of letters) this.#noteLetter(letter, letterLost);
    }
  }

  /** A flush speaks of the events of its own process, not of what a dead one left. */
  #noteLost(span: Span, ofDead: boolean): void {
    if (!ofDead || span.producerId === getSlot().producer.id) noteLost(span);
  }

  #noteLetter({ record }: DeadLetter, code: AuthlogErrorCode): void {
    // A receiver that refuses what tells of a gap would refuse what tells of that one as well.
    if (record.eventName !== eventNames.gap) this.#note(code, 1, spanOf(record));
  }

  #note(code: AuthlogErrorCode, count: number, span: Span): void {
    this.#count += count;
    if (!this.#silent) this.#gaps.note(code, count, span);
  }
}

/** Those that are not kept. What an app's own code throws, or gives in place of a list, keeps none. */
function lostOf(deadLetters: DeadLetters, letters: readonly DeadLetter[]): readonly DeadLetter[] {
  try {
    const lost: unknown = deadLetters.write(letters);
    if (isListOf(letters, lost)) return lost;
    // An `async` function where none belongs: what it rejects with is not to end the process.
    Promise.resolve(lost).catch(() => undefined);
    report(unusable("write() returned no list of some of the letters that it was given"));
  } catch (cause) {
    report(unusable("write() threw", cause));
  }
  return letters;
}

function isListOf<T>(items: readonly T[], value: unknown): value is readonly T[] {
  return Array.isArray(value) && value.every((item: T) => items.includes(item));
}

/** @throws what the promise rejects with; an error of its own where there is none */
async function onDiskOf(deadLetters: DeadLetters): Promise<void> {
  let onDisk: unknown;
  let cause: unknown;
  try {
    onDisk = deadLetters.onDisk?.();
  } catch (error) {
    cause = error;
  }
  if (isThenable(onDisk)) return void (await onDisk);
  const error = unusable("onDisk() gave no promise", cause);
  report(error);
  throw error;
}

function isThenable(value: unknown): boolean {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

function unusable(why: string, cause?: unknown): AuthlogError {
  return new AuthlogError(letterLost, {
    message: "Audit records rejected for good could not be kept.",
    why: `The app's own deadLetters did not take them: ${why}${cause === undefined ? "" : ` ${errorKind(cause)}`}.`,
    fix: "Mend its write() and onDisk(), or use deadLetterFile().",
    cause,
  });
}
