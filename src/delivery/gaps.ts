import type { AuthlogErrorCode } from "../errors.ts";
import { toGapRecord } from "../event/gap-record.ts";
import type { AuthLogRecord } from "../slot.ts";
import { takeIdentity } from "../telemetry/identity.ts";
import { emit } from "../telemetry/logger.ts";
import type { Clock } from "./clock.ts";
import { joined, type Span } from "./span.ts";

/** Losses that come so soon after one another are told together; at the latest after so long. */
const quietMillis = 1000;
const patienceMillis = 60_000;

interface Gap {
  count: number;
  span: Span;
}

/**
 * Counts what could not be kept, and writes into the trail how much that was, from when to when, and
 * why: one event a cause, once no more is lost for a moment.
 */
export class Gaps {
  readonly #clock: Clock;
  readonly #sink: (record: AuthLogRecord) => void;
  readonly #open = new Map<AuthlogErrorCode, Gap>();
  #cancelTimer: (() => void) | undefined;
  #waitedMillis = 0;
  #lostSince = false;

  /** @param sink takes the event where no LoggerProvider does */
  constructor(clock: Clock, sink: (record: AuthLogRecord) => void) {
    this.#clock = clock;
    this.#sink = sink;
  }

  /** Notes a loss. */
  note(code: AuthlogErrorCode, count: number, span: Span): void {
    const gap = this.#open.get(code);
    this.#open.set(code, {
      count: (gap?.count ?? 0) + count,
      span: gap === undefined ? span : joined(gap.span, span),
    });
    this.#lostSince = this.#cancelTimer !== undefined;
    this.#wait();
  }

  /**
   * Writes what was noted into the trail now.
   *
   * @param past whether it goes past every LoggerProvider
   */
  tell(past = false): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#waitedMillis = 0;
    const open = [...this.#open];
    // Emptied first: a loss on the event's own way is a new one.
    this.#open.clear();
    for (const [code, { count, span }] of open) {
      const gap = { ...span, code, count, timeUnixMillis: Date.now() };
      const record = toGapRecord(gap, takeIdentity());
      if (past) this.#sink(record);
      else emit(record, this.#sink);
    }
  }

  #wait(): void {
    this.#cancelTimer ??= this.#clock.schedule(() => {
      this.#cancelTimer = undefined;
      this.#waitedMillis += quietMillis;
      if (!this.#lostSince || this.#waitedMillis >= patienceMillis) return this.tell();
      this.#lostSince = false;
      this.#wait();
    }, quietMillis);
  }
}
