import type { AuthlogError, AuthlogErrorCode } from "../errors.ts";
import type { AuthLogRecord, Component } from "../slot.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { Rejection } from "../telemetry/exporter.ts";
import { countProcessed } from "../telemetry/self-metrics.ts";
import { eventNames } from "../vocabulary.ts";
import type { Kept } from "./batch-queue.ts";
import type { Clock } from "./clock.ts";
import type { DeadLetter, DeadLetters } from "./dead-letter.ts";
import { Gaps } from "./gaps.ts";
import { type Span, spanOf } from "./span.ts";

/** What {@link Losses} need. */
export interface LossesOptions {
  component: Component;
  clock: Clock;
  deadLetters: DeadLetters | undefined;
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
  readonly #gaps: Gaps;
  #count = 0;
  #silent = false;

  constructor({ component, clock, deadLetters, sink }: LossesOptions) {
    this.#component = component;
    this.#deadLetters = deadLetters;
    this.#gaps = new Gaps(clock, sink);
  }

  /** Records that are gone, since the start. */
  get count(): number {
    return this.#count;
  }

  /** Notes records that are gone. */
  add(cause: AuthlogError, count: number, span: Span): void {
    countProcessed(this.#component, count, cause.code);
    report(cause);
    this.#note(cause.code, count, span);
  }

  /** Keeps what was rejected, as far as it can. */
  bury(kept: readonly Kept[], rejections: readonly Rejection[]): void {
    const letters = rejections.flatMap(({ index, cause }): DeadLetter[] => {
      countProcessed(this.#component, 1, cause.code);
      report(cause);
      const record = kept[index]?.record;
      return record === undefined ? [] : [{ record, cause }];
    });
    for (const { record, cause } of this.#unkept(letters)) {
      // A receiver that refuses what tells of a gap would refuse what tells of that one as well.
      if (record.eventName === eventNames.gap) continue;
      const code = this.#deadLetters === undefined ? cause.code : "ERR_AUTHLOG_DEAD_LETTER_FAILED";
      this.#note(code, 1, spanOf(record));
    }
  }

  /** See {@link Gaps.tell}. */
  tell(past?: boolean): void {
    this.#gaps.tell(past);
  }

  /** Tells nothing more in the trail: nobody keeps it. */
  silence(): void {
    this.#silent = true;
  }

  #unkept(letters: readonly DeadLetter[]): readonly DeadLetter[] {
    return this.#deadLetters === undefined ? letters : this.#deadLetters.write(letters);
  }

  #note(code: AuthlogErrorCode, count: number, span: Span): void {
    this.#count += count;
    if (!this.#silent) this.#gaps.note(code, count, span);
  }
}
