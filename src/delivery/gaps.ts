import type { AuthlogErrorCode } from "../errors.ts";
import { toGapRecord } from "../event/gap-record.ts";
import type { AuthLogRecord } from "../slot.ts";
import { takeIdentity } from "../telemetry/identity.ts";
import { emit } from "../telemetry/logger.ts";
import type { Clock } from "./clock.ts";
import { joined, type Span } from "./span.ts";

/** Losses that come so soon after one another are told together; at the latest after so long. */
const quietMillis = 1000;
const patienceMillis = 5000;

/**
 * After each telling there is none for twice as long as before, up to so long: where nothing finds
 * room for days, what tells of it takes little. So long without a loss, and it begins anew.
 *
 * No longer: what is open is in memory alone, and goes with a process that is killed.
 */
const longestRestMillis = 60_000;

/** For so long at most, a flush does not end a rest: there may be one with each request. */
const hushMillis = 5000;

interface Gap {
  count: number;
  span: Span;
}

/** A hush is how a rest begins. */
type Wait = "quiet" | "hush" | "rest" | "calm";

/**
 * Counts what could not be kept, and writes into the trail how much that was, from when to when, and
 * why: one event a cause, once no more is lost for a moment; and less and less often, but by each flush,
 * while more is lost again and again.
 */
export class Gaps {
  readonly #clock: Clock;
  readonly #sink: (record: AuthLogRecord) => void;
  readonly #open = new Map<AuthlogErrorCode, Gap>();
  /** What is waited for, if anything: that no more is lost, the end of a rest, or of a calm. */
  #timer: { kind: Wait; cancel: () => void } | undefined;
  #waitedMillis = 0;
  #restMillis = quietMillis;
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
    this.#lostSince = true;
    if (this.#timer === undefined || this.#timer.kind === "calm") this.#wait();
  }

  /**
   * Writes what was noted into the trail, unless that was done a moment ago.
   *
   * @param last whether it is the last time: then it is done now, and past every LoggerProvider
   * @returns whether there was anything to tell
   */
  tell(last = false): boolean {
    if (this.#open.size === 0 || (this.#timer?.kind === "hush" && !last)) return false;
    this.#waitedMillis = 0;
    this.#restMillis = Math.min(longestRestMillis, this.#restMillis * 2);
    this.#rest();
    const open = [...this.#open];
    // Emptied first: a loss on the event's own way is a new one.
    this.#open.clear();
    for (const [code, { count, span }] of open) {
      const gap = { ...span, code, count, timeUnixMillis: Date.now() };
      const record = toGapRecord(gap, takeIdentity());
      if (last) this.#sink(record);
      else emit(record, this.#sink);
    }
    return true;
  }

  #wait(): void {
    this.#lostSince = false;
    this.#schedule("quiet", quietMillis, () => {
      this.#waitedMillis += quietMillis;
      if (!this.#lostSince || this.#waitedMillis >= patienceMillis) this.tell();
      else this.#wait();
    });
  }

  #rest(): void {
    const afterMillis = this.#restMillis - hushMillis;
    this.#schedule("hush", Math.min(hushMillis, this.#restMillis), () => {
      if (afterMillis <= 0) this.#endRest();
      else this.#schedule("rest", afterMillis, () => this.#endRest());
    });
  }

  #endRest(): void {
    this.tell();
    if (this.#timer !== undefined) return;
    this.#schedule("calm", longestRestMillis, () => (this.#restMillis = quietMillis));
  }

  #schedule(kind: Wait, millis: number, then: () => void): void {
    this.#timer?.cancel();
    const cancel = this.#clock.schedule(() => {
      this.#timer = undefined;
      then();
    }, millis);
    this.#timer = { kind, cancel };
  }
}
