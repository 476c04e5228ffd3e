import { getSlot } from "../slot.ts";
import { type Outcome, outcomes } from "../vocabulary.ts";
import type { AppFunction } from "./app-types.ts";
import type { AuditActor } from "./audit.ts";
import { guarded, reportUncaptured } from "./emit-event.ts";
import { type Ending, endingOfStatus, endingOfThrown } from "./ending.ts";
import { type Inquiry, inquire, isThenable } from "./inquiry.ts";
import type { OwnAttributes } from "./own-attributes.ts";
import { emitOwnEvent } from "./own-event.ts";
import { keptOnDisk } from "./on-disk.ts";
import { readCallStatus } from "./request-of-call.ts";
import { deferred } from "../telemetry/built-ins.ts";

/**
 * A value, or a function that finds it by what the handler is called with. It runs before the handler
 * does, and must leave the body of a request to it.
 */
type Told<T, H extends AppFunction> = T | ((...args: Parameters<H>) => T | Promise<T>);

/** What is told of each call of a handler. */
export interface WithAuditOptions<H extends AppFunction> {
  /** What the handler does, as `billing.refund`. The rules are those of `audit()`. */
  readonly name: string;
  /**
   * Gives the session, whose `user` is then the actor: `() => auth()` of next-auth 5, or
   * `() => getServerSession(authOptions)`. Asked once a call, while the handler runs; not asked where
   * Next.js renders ahead, nor where there is an `actor`.
   */
  readonly session?: (...args: Parameters<H>) => unknown;
  /**
   * Who calls.
   * @default the session's user, or nobody known
   */
  readonly actor?: Told<AuditActor | null | undefined, H>;
  /** What it is done to, as `invoice:42`. */
  readonly target?: Told<string | undefined, H>;
  /** What else to tell. */
  readonly attributes?: Told<OwnAttributes | undefined, H>;
  /**
   * How a call ended that returned.
   * @default a Response by its status, anything else is a success
   */
  readonly outcome?: (result: Awaited<ReturnType<H>>) => Outcome;
}

/**
 * Wraps a route handler or a server action, so that each call of it becomes one event when it has
 * ended. A status of 400 or more, a thrown error, `notFound()`, `forbidden()` and `unauthorized()` are
 * failures; `redirect()` is none. The handler keeps its types, `this`, arguments, result and errors.
 *
 * The event is recorded before the caller goes on, so an answer that was seen has its event. For that
 * the answer waits until the session is known, a second at most; for nothing else.
 *
 * @example
 * export const POST = withAudit(
 *   async (request: Request) => Response.json({ refunded: true }),
 *   { name: "billing.refund", actor: { id: "42" }, target: "invoice:42" },
 * );
 */
export function withAudit<H extends AppFunction>(handler: H, options: WithAuditOptions<H>): H {
  return function audited(this: unknown, ...args: Parameters<H>): unknown {
    if (!getSlot().enabled) return handler.apply(this, args);
    const inquiry = inquire(options, args);
    let result: unknown;
    try {
      result = handler.apply(this, args);
    } catch (error) {
      void tell(options.name, inquiry, endingOfThrown(error));
      throw error;
    }
    const endingOf = (answer: unknown): Ending => endingOfAnswer(answer, options.outcome, args[1]);
    if (isThenable(result)) return settle(result, options.name, inquiry, endingOf);
    void tell(options.name, inquiry, endingOf(result));
    return result;
  } as unknown as H;
}

async function settle(
  result: PromiseLike<unknown>,
  name: string,
  inquiry: Inquiry,
  endingOf: (answer: unknown) => Ending,
): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await result;
  } catch (error) {
    await tell(name, inquiry, endingOfThrown(error));
    await keptOnDisk();
    throw error;
  }
  await tell(name, inquiry, endingOf(answer));
  await keptOnDisk();
  return answer;
}

function endingOfAnswer(
  answer: unknown,
  outcomeOf: ((answer: never) => Outcome) | undefined,
  second: unknown,
): Ending {
  const outcome = outcomeOf && guarded(() => outcomeOf(answer as never));
  if (outcome !== undefined) return { outcome };
  // In the pages router the second argument is the response, and nothing is returned.
  const status = answer instanceof Response ? answer.status : readCallStatus(second);
  return status === undefined ? { outcome: outcomes.success } : endingOfStatus(status);
}

/** At once where everything is known, so that a handler without a session needs not wait at all. */
function tell(
  name: string,
  { facts, pending }: Inquiry,
  ending: Ending | undefined,
): void | Promise<void> {
  if (ending === undefined) return;
  const emit = (): void => {
    const { request = {}, ...known } = facts;
    guarded(() => emitOwnEvent({ name, ...known, ...ending }, request));
  };
  return pending.length === 0 ? emit() : within(Promise.all(pending), longestWaitMillis).then(emit);
}

/** How long an answer waits for what is still being found out; the event then goes without it. */
const longestWaitMillis = 1000;

async function within(promise: Promise<unknown>, millis: number): Promise<void> {
  const { promise: late, resolve } = deferred<void>();
  const timer = setTimeout(() => {
    reportUncaptured();
    resolve();
  }, millis);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
