import type { AuthEvent, EventUser } from "../event/auth-event.ts";
import { type AuthEventName, eventNames, outcomes } from "../vocabulary.ts";
import {
  type Attempt,
  currentAttempt,
  type Failure,
  recordFailure,
  runInAttempt,
} from "./attempt.ts";
import { claimOfText } from "./claimed-identity.ts";
import { emitEvent, guardedAsync, guardedEvent } from "./emit-event.ts";
import { endingOfThrown } from "./ending.ts";
import type { Capture } from "./framework.ts";
import { keptOnDisk } from "./on-disk.ts";
import { readProvider } from "./read.ts";
import { handlerError, noToken } from "./refusals.ts";
import { emitReject } from "./reject.ts";
import { headersOfContext, readRequest, requestOfContext } from "./request-context.ts";
import { blockForDelivery } from "./request-end.ts";

/**
 * Runs one attempt to its end. Whatever was seen of it by then becomes its one event.
 *
 * @param look reads NextAuth's answer, where only that tells how the attempt ended
 * @returns and throws just what `run` does
 */
export async function conclude<T>(
  attempt: Attempt,
  run: () => T | Promise<T>,
  look?: (answer: T) => Failure | undefined | Promise<Failure | undefined>,
): Promise<T> {
  try {
    const answer = await runInAttempt(attempt, run);
    if (look !== undefined && !attempt.concluded) {
      recordFailure(attempt, await guardedAsync(() => look(answer)));
    }
    return answer;
  } catch (error) {
    // What Next.js throws to redirect is no failure.
    if (endingOfThrown(error)?.outcome === outcomes.failure) recordFailure(attempt, handlerError);
    throw error;
  } finally {
    guardedEvent(() => emitEnd(attempt));
    await keptOnDisk();
    await blockForDelivery();
  }
}

function emitEnd(attempt: Attempt): void {
  const { concluded, failure, linkSent, capture } = attempt;
  if (concluded) return;
  attempt.concluded = true;
  const { providerId } = attempt.target;
  attempt.provider ??= providerId === undefined ? undefined : capture.providers.get(providerId);
  if (failure !== undefined) {
    emitFailure(attempt, capture.framework.refine(failure, attempt));
  } else if (linkSent) {
    emitEvent({
      ...commonOf(capture),
      name: eventNames.verificationRequest,
      outcome: outcomes.success,
      ...claimOf(attempt),
    });
  }
}

const rejects: ReadonlySet<AuthEventName> = new Set([
  eventNames.sessionReject,
  eventNames.requestReject,
]);

function emitFailure(attempt: Attempt, { name = attempt.name, reason, errorType }: Failure): void {
  if (name === undefined) return;
  const { attemptedIdentifier, ...claim } = claimOf(attempt);
  // No identity was tried, and what the client put into the address is none.
  const isReject = rejects.has(name);
  const event: AuthEvent = {
    ...commonOf(attempt.capture),
    name,
    outcome: outcomes.failure,
    reason,
    errorType,
    ...claim,
    ...(!isReject && attemptedIdentifier !== undefined && { attemptedIdentifier }),
  };
  // What anyone can bring about without an identity must not drown what takes one.
  const tried = attempt.identityTried || attemptedIdentifier !== undefined;
  if (tried && !isReject) emitEvent(event);
  else emitReject(event);
}

/** What NextAuth tells of something that it reports as done. */
export interface Done {
  user: EventUser | undefined;
  /** The provider's account; its tokens stay where they are. */
  account?: unknown;
  /** Stands for the database session that it was about. */
  session?: AuthEvent["session"] | undefined;
}

/** Tells of something that NextAuth reports as done, in or outside of an attempt. */
export function emitSuccess(
  capture: Capture,
  name: AuthEventName,
  { user, account, ...done }: Done,
): void {
  const attempt = currentAttempt();
  const session = attempt?.session ?? done.session;
  if (attempt?.name === name) {
    // A sign-in that left no session is none, whatever the event says.
    if (attempt.failure?.errorType === noToken.errorType) return;
    attempt.concluded = true;
  }
  const provider = readProvider(account) ?? attempt?.provider;
  emitEvent({
    ...commonOf(attempt?.capture ?? capture),
    name,
    outcome: outcomes.success,
    ...(user && { user }),
    ...(provider && name !== eventNames.signOut && { provider }),
    ...(session && { session }),
    ...(attempt && { request: attempt.request }),
  });
}

/** Tells of a session that was read: by its route, or by code that asks Next.js for the request. */
export async function emitSessionRead(
  capture: Capture,
  user: EventUser | undefined,
): Promise<void> {
  const request = currentAttempt()?.request ?? (await requestOfContext());
  emitEvent({
    ...commonOf(capture),
    name: eventNames.sessionRead,
    outcome: outcomes.success,
    ...(user && { user }),
    request,
  });
}

/** What was told already of sessions refused in a request, by the request's headers. */
const told = new WeakMap<object, Set<string>>();

/**
 * Tells of a session that was refused while nobody attempted anything: the request is asked of Next.js.
 * A layout, a page and a handler may each read the session; what they all see is told once.
 */
export async function emitSessionReject(capture: Capture, failure: Failure): Promise<void> {
  const { reason, errorType } = failure;
  const headers = await headersOfContext();
  const request = headers === undefined ? {} : readRequest(headers, undefined, {});
  if (headers !== undefined) {
    const already = told.get(headers) ?? new Set();
    if (already.has(`${reason} ${errorType}`)) return;
    told.set(headers, already.add(`${reason} ${errorType}`));
  }
  emitReject({
    ...commonOf(capture),
    name: eventNames.sessionReject,
    outcome: outcomes.failure,
    reason,
    errorType,
    request,
  });
}

function commonOf({
  framework: { version },
}: Capture): Pick<AuthEvent, "timeUnixMillis" | "framework"> {
  return { timeUnixMillis: Date.now(), framework: { name: "next-auth", version } };
}

/** Who claimed to be whom, through which provider, and from where. */
function claimOf({
  provider,
  attemptedIdentifier,
  target,
  request,
}: Attempt): Pick<AuthEvent, "provider" | "attemptedIdentifier" | "request"> {
  const claimed =
    attemptedIdentifier ?? (provider?.type === "email" ? claimOfText(target.linkEmail) : undefined);
  return {
    ...(provider && { provider }),
    ...(claimed !== undefined && { attemptedIdentifier: claimed }),
    request,
  };
}
