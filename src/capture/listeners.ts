import { eventNames, failureReasons } from "../vocabulary.ts";
import type { AppFunction, AppFunctions } from "./app-types.ts";
import { currentAttempt, type Failure } from "./attempt.ts";
import { emitSessionReject } from "./conclude.ts";
import { guarded } from "./emit-event.ts";
import type { Capture } from "./framework.ts";
import { after, before, once } from "./around.ts";
import { readField, readSession } from "./read.ts";
import { noteSessionOwner, ownerOf } from "./session-owner.ts";

/** Listens to `logger.error`. With a logger of ours NextAuth no longer prints, so this does it then. */
export function hookLogger(logger: AppFunctions = {}, capture: Capture): AppFunctions {
  // Read by name, as NextAuth reads them: a logger may be an instance of a class.
  const { warn, debug } = logger;
  return {
    ...logger,
    ...(warn && { warn }),
    ...(debug && { debug }),
    error: once(logger.error ?? printing(capture), (error) =>
      before(error, (...args) => note(capture.framework.describeError(args), capture)),
    ),
  };
}

/** Which major it is, and so how it prints, is known when it does. */
function printing(capture: Capture): AppFunction {
  return (...args) => guarded(() => capture.framework.printError(args));
}

/**
 * Listens to the adapter's sessions. NextAuth says nothing of one that it does not find, or finds to be
 * past its time; of one that it makes, only the adapter gets the token; and of one that it deletes, its
 * event has what the adapter returned, which with most adapters is nothing.
 */
export function hookAdapter(adapter: AppFunctions, capture: Capture): AppFunctions {
  const { getSessionAndUser, createSession, deleteSession } = adapter;
  return {
    ...adapter,
    ...(getSessionAndUser && {
      getSessionAndUser: after(getSessionAndUser, (found) => {
        const attempt = currentAttempt();
        if (attempt !== undefined) attempt.user = ownerOf(found);
        note(describeSession(found), capture);
      }),
    }),
    ...(createSession && {
      createSession: after(createSession, (_, session) => {
        const attempt = currentAttempt();
        if (attempt !== undefined) attempt.session = readSession(session);
      }),
    }),
    ...(deleteSession && {
      deleteSession(this: unknown, ...args: unknown[]) {
        const run = (): unknown => deleteSession.apply(this, args);
        const attempt = currentAttempt();
        return attempt?.name === eventNames.signOut
          ? noteSessionOwner(attempt, adapter, args[0]).then(run)
          : run();
      },
    }),
  };
}

function describeSession(found: unknown): Failure | undefined {
  const name = eventNames.sessionReject;
  const session = readField(found, "session");
  if (typeof session !== "object" || session === null) {
    return { name, reason: failureReasons.tokenInvalid, errorType: "SessionNotFound" };
  }
  const expires = readField(session, "expires");
  return expires instanceof Date && expires.getTime() < Date.now()
    ? { name, reason: failureReasons.tokenExpired, errorType: "SessionExpired" }
    : undefined;
}

/** Takes a failure down: of the attempt under way, or of a session that somebody else reads. */
export function note(failure: Failure | undefined, capture: Capture): void {
  if (failure === undefined) return;
  const attempt = currentAttempt();
  const isSession = failure.name === eventNames.sessionReject;
  if (attempt === undefined) {
    // Only a session is read outside of NextAuth's own routes and actions.
    if (isSession) void emitSessionReject(capture, failure);
    return;
  }
  // Anyone can post to `_log`, and have the logger called with what they like.
  if (attempt.target.action === "_log") return;
  // A stale cookie beside an attempt is not what the attempt is about.
  if (isSession && attempt.name !== undefined) return;
  // What led to it is no event where nothing was attempted, and must not hide the session's own.
  if (attempt.name === undefined && failure.name === undefined) return;
  attempt.failure ??= failure;
}
