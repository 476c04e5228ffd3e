import { AsyncLocalStorage } from "node:async_hooks";
import type { AuthEvent, EventProvider, EventRequest } from "../event/auth-event.ts";
import type { eventNames } from "../vocabulary.ts";
import { emitEvent, guarded } from "./emit-event.ts";

/** What an attempt was seen to fail with. */
export type Failure = Required<Pick<AuthEvent, "reason" | "errorType">>;

/**
 * One request, or one server action, that may sign somebody in or out. What authorize, callbacks,
 * events and logger see of it is joined here, so that it ends as one event.
 */
export interface Attempt {
  /** The event that it ends as. */
  readonly name: typeof eventNames.signIn | typeof eventNames.signOut;
  readonly request: EventRequest;
  provider?: EventProvider | undefined;
  /** The identity that was claimed, as far as it may be told. */
  attemptedIdentifier?: string | undefined;
  /** The first failure seen: later ones are what it led to. */
  failure?: Failure | undefined;
  /** Whether the attempt's own event is out. */
  concluded: boolean;
}

const attempts = new AsyncLocalStorage<Attempt>();

/** The attempt that the calling code belongs to. */
export function currentAttempt(): Attempt | undefined {
  return attempts.getStore();
}

/**
 * Runs what NextAuth does for one attempt. When it has ended, whichever way, a failure that was seen
 * and not yet told becomes the attempt's one event.
 *
 * @param conclude makes that event
 * @returns and throws just what `run` does
 */
export async function runAttempt<T>(
  { name, request }: Pick<Attempt, "name" | "request">,
  run: () => T | Promise<T>,
  conclude: (attempt: Attempt, failure: Failure) => AuthEvent,
): Promise<T> {
  const attempt: Attempt = { name, request, concluded: false };
  try {
    return await attempts.run(attempt, run);
  } finally {
    guarded(() => {
      const { concluded, failure } = attempt;
      if (!concluded && failure !== undefined) emitEvent(conclude(attempt, failure));
    });
  }
}
