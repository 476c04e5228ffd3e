import { type AuthLogRecord, getSlot } from "../slot.ts";
import { describePattern, matches, type TestEventPattern } from "./pattern.ts";
import { describeEvent, type TestEvent, toTestEvent } from "./test-event.ts";
import { deferred } from "../telemetry/built-ins.ts";

export type { TestEventPattern } from "./pattern.ts";
export type { TestActor, TestEvent } from "./test-event.ts";

/** The audit log of a test, in memory. */
export interface TestAudit {
  /** What was recorded since the start, or since `clear()`, oldest first. */
  readonly events: readonly TestEvent[];
  /** The first event that holds what the pattern names, if there is one. */
  find(pattern: TestEventPattern): TestEvent | undefined;
  /** The one event that holds what the pattern names. Throws if there is none, or more than one. */
  expectOne(pattern: TestEventPattern): TestEvent;
  /** The first such event, as soon as it is recorded. Rejects when the time is up. */
  waitFor(pattern: TestEventPattern, options?: WaitOptions): Promise<TestEvent>;
  /** Forgets what was recorded. */
  clear(): void;
  /** Ends the recording; events then go where they went before. */
  close(): void;
  /** Closes it at the end of a block that began with `using`. */
  [Symbol.dispose](): void;
}

/** How long to wait. */
export interface WaitOptions {
  /** @default 1000 */
  timeoutMillis?: number;
}

// Kept from before a test could put its own clock in their place: that one would never ring.
const { setTimeout, clearTimeout } = globalThis;

/**
 * Records in memory what the code under test audits, with any test framework or none. Nothing else
 * needs to run: no `register`, no ledger. An OpenTelemetry processor of authlog's that the test
 * itself sets up takes its records first; they are then not found here.
 *
 * @example
 * const audit = createTestAudit();
 * await refund("invoice-42");
 * audit.expectOne({ name: "billing.refund", outcome: "success", target: "invoice-42" });
 * audit.close();
 */
export function createTestAudit(): TestAudit {
  const slot = getSlot();
  const before = { sink: slot.sink, enabled: slot.enabled };
  const events: TestEvent[] = [];
  const waiting = new Set<(event: TestEvent) => void>();
  const sink = (record: AuthLogRecord): void => {
    const event = toTestEvent(record);
    events.push(event);
    for (const look of waiting) look(event);
  };
  slot.sink = sink;
  slot.enabled = true;

  /** Has what is only counted so far told: it belongs to what was done until now. */
  function settle(): readonly TestEvent[] {
    if (slot.sink === sink) for (const tell of slot.tellers) tell();
    return events;
  }

  const find = (pattern: TestEventPattern): TestEvent | undefined =>
    settle().find((event) => matches(event, pattern));

  function expectOne(pattern: TestEventPattern): TestEvent {
    const found = settle().filter((event) => matches(event, pattern));
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    throw unmet(`${found.length || "No"} events match`, pattern, events, expectOne);
  }

  function waitFor(
    pattern: TestEventPattern,
    { timeoutMillis = 1000 }: WaitOptions = {},
  ): Promise<TestEvent> {
    const { promise, resolve, reject } = deferred<TestEvent>();
    const there = find(pattern);
    if (there !== undefined) return Promise.resolve(there);
    const timer = setTimeout(() => {
      // What is told only now may be what was waited for.
      const recorded = settle();
      waiting.delete(look);
      reject(unmet(`After ${timeoutMillis} ms no event matches`, pattern, recorded, waitFor));
    }, timeoutMillis);
    function look(event: TestEvent): void {
      if (!matches(event, pattern)) return;
      waiting.delete(look);
      clearTimeout(timer);
      resolve(event);
    }
    waiting.add(look);
    return promise;
  }

  function close(): void {
    settle();
    // Whoever replaced it in the meantime keeps what they have.
    if (slot.sink === sink) Object.assign(slot, before);
  }

  return {
    get events() {
      return settle();
    },
    find,
    expectOne,
    waitFor,
    clear() {
      settle();
      events.length = 0;
    },
    close,
    [Symbol.dispose]: close,
  };
}

/** An error that shows what was recorded instead, and points at the test, not here. */
function unmet(
  what: string,
  pattern: TestEventPattern,
  events: readonly TestEvent[],
  caller: (...args: never[]) => unknown,
): Error {
  const recorded =
    events.length === 0
      ? "Nothing was recorded."
      : ["Recorded:", ...events.map(describeEvent)].join("\n  ");
  const error = new Error(`${what} ${describePattern(pattern)}.\n${recorded}`);
  Error.captureStackTrace(error, caller);
  return error;
}
