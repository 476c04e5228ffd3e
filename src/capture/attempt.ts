import { AsyncLocalStorage } from "node:async_hooks";
import type { AuthEvent, EventProvider, EventRequest, EventUser } from "../event/auth-event.ts";
import type { AuthEventName, eventNames } from "../vocabulary.ts";
import type { Capture } from "./framework.ts";
import type { RequestTarget } from "./request-target.ts";

/** What an attempt was seen to fail with. */
export interface Failure extends Required<Pick<AuthEvent, "reason" | "errorType">> {
  /** The event that it is, where that is another than the attempt was to end as. */
  name?: AuthEventName;
  /** Whether only the answer of a provider says so, which anybody can send. */
  isClaimed?: true;
}

/** What an attempt may end as. */
export type AttemptName = (typeof eventNames)["signIn" | "signOut" | "verificationRequest"];

/**
 * One request, or one server action, of NextAuth. What authorize, callbacks, events and logger see
 * of it is joined here, so that it ends as one event.
 */
export interface Attempt {
  /** What it ends as; `undefined` for a request that attempts nothing, such as reading the session. */
  name: AttemptName | undefined;
  /** What the request's address says. What NextAuth does with it counts for more. */
  readonly target: RequestTarget;
  readonly request: EventRequest;
  readonly capture: Capture;
  provider?: EventProvider | undefined;
  /** The identity that was claimed, as far as it may be told. */
  attemptedIdentifier?: AuthEvent["attemptedIdentifier"] | undefined;
  /** Whose database session was read last: the one that a sign-out ends. */
  user?: EventUser | undefined;
  /** Stands for the database session that the attempt made, or ends. */
  session?: AuthEvent["session"] | undefined;
  /** Whether an identity was put to the test: by `authorize`, a provider, or an e-mail link. */
  identityTried: boolean;
  /** The first failure seen: later ones are what it led to. */
  failure?: Failure | undefined;
  /** Whether an e-mail with a link went out. */
  linkSent: boolean;
  /** Whether the attempt's own event is out. */
  concluded: boolean;
}

const key = Symbol.for("authlog.attempts.v1");

/** One for all copies of the package: what one of them has hooked, another may have begun. */
const holder = globalThis as { [key]?: AsyncLocalStorage<Attempt> };
const attempts = (holder[key] ??= new AsyncLocalStorage<Attempt>());

/** The attempt that the calling code belongs to. */
export function currentAttempt(): Attempt | undefined {
  return attempts.getStore();
}

/** Runs what NextAuth does for one attempt. Returns and throws just what `run` does. */
export function runInAttempt<T>(attempt: Attempt, run: () => T): T {
  return attempts.run(attempt, run);
}

/** Records what an attempt failed with: the first failure, since later ones are what it led to. */
export function recordFailure(attempt: Attempt | undefined, failure: Failure | undefined): void {
  if (attempt === undefined || failure === undefined) return;
  // Where nothing is attempted, what is no event by itself must not hide what is one.
  const isNothing = attempt.name === undefined && attempt.failure?.name === undefined;
  if (attempt.failure === undefined || isNothing) attempt.failure = failure;
}

/**
 * The attempt under way is one of this name, whatever the request's address says: NextAuth has begun to
 * put an identity to the test.
 */
export function tryIdentity(
  name: AttemptName,
  provider: EventProvider | undefined,
): Attempt | undefined {
  const attempt = currentAttempt();
  if (attempt === undefined) return undefined;
  // A stale cookie beside it, for one, is not what it is about.
  if (attempt.name === undefined) attempt.failure = undefined;
  attempt.name = name;
  attempt.identityTried = true;
  attempt.provider = provider ?? attempt.provider;
  return attempt;
}

/** An attempt at its beginning. */
export function beginAttempt(
  seed: Pick<Attempt, "name" | "target" | "request" | "capture">,
): Attempt {
  return { ...seed, identityTried: false, linkSent: false, concluded: false };
}
