import { getSlot } from "../slot.ts";
import { whilePending } from "../telemetry/unconfirmed.ts";
import { eventNames, failureReasons } from "../vocabulary.ts";
import type { AppConfig, AppFunction, AppFunctions } from "./app-types.ts";
import { currentAttempt, type Failure, recordFailure, tryIdentity } from "./attempt.ts";
import { authJs } from "./auth-js/framework.ts";
import { emitSessionReject } from "./conclude.ts";
import { guarded } from "./emit-event.ts";
import type { Capture, Framework } from "./framework.ts";
import { after, before, once } from "./around.ts";
import { claimOfText } from "./claimed-identity.ts";
import { copyWith, type Hook, hookMembers } from "./hook-members.ts";
import { inAttempt } from "./lone-attempt.ts";
import { readField, readSession, readText } from "./read.ts";
import { noteSessionOwner, ownerOf } from "./session-owner.ts";

/**
 * The configuration's logger. NextAuth reads it at each request: where authlog is switched off it finds
 * what the app has, and prints itself where that is nothing. Auth.js also sets it.
 */
export function loggerMember(config: AppConfig, capture: Capture): { logger: Logger } {
  let read = (): Logger => config.logger;
  let seen = read();
  let hooked: Logger = hookLogger(seen, capture);
  return {
    get logger() {
      const own = read();
      if (!getSlot().enabled) return own;
      if (own !== seen) hooked = guarded(() => hookLogger(own, capture)) ?? own;
      seen = own;
      return hooked;
    },
    set logger(given) {
      read = () => given;
    },
  };
}

type Logger = AppFunctions | null | undefined;

/** Listens to `logger.error`. With a logger of ours NextAuth no longer prints, so this does it then. */
export function hookLogger(own: Logger, capture: Capture): AppFunctions {
  // Read by name, as NextAuth reads them: a logger may be an instance of a class.
  const { error, warn, debug } = own ?? {};
  return copyWith(own ?? {}, {
    ...(warn && { warn }),
    ...(debug && { debug }),
    error: once(error || printing(capture), (print) =>
      before(print, (...args) => note(frameworkOf(args, capture).describeError(args), capture)),
    ),
  });
}

/** Which major it is, and so how it prints, is known when it does. */
function printing(capture: Capture): AppFunction {
  return (...args) => guarded(() => frameworkOf(args, capture).printError(args));
}

/** Options that are wrapped are next-auth 4's, as far as is known; only Auth.js hands over a bare error. */
function frameworkOf([first]: readonly unknown[], { framework }: Capture): Framework {
  return first instanceof Error ? authJs : framework;
}

/**
 * Listens to the adapter's sessions. NextAuth says nothing of one that it does not find, or finds to be
 * past its time; of one that it makes, only the adapter gets the token; and of one that it deletes, its
 * event has what the adapter returned, which with most adapters is nothing.
 */
export function hookAdapter(
  adapter: AppFunctions,
  capture: Capture,
  unhooked: string[],
): AppFunctions {
  const hooks: Record<string, Hook> = {
    getSessionAndUser: (app) =>
      app &&
      after(app, (found) => {
        const attempt = currentAttempt();
        if (attempt !== undefined) attempt.user = ownerOf(found);
        note(describeSession(found), capture);
      }),
    createSession: (app) =>
      app &&
      after(app, (_, session) => {
        const attempt = currentAttempt();
        if (attempt !== undefined) attempt.session = readSession(session);
      }),
    useVerificationToken: (app) =>
      app &&
      inAttempt(
        app,
        (use) =>
          after(before(use, noteLink), (invite, link) =>
            recordFailure(currentAttempt(), describeInvite(invite, link)),
          ),
        eventNames.signIn,
        capture,
      ),
    deleteSession: (app) =>
      app &&
      function hooked(this: unknown, ...args: unknown[]) {
        const run = (): unknown => app.apply(this, args);
        const attempt = currentAttempt();
        return attempt?.name === eventNames.signOut
          ? noteSessionOwner(attempt, adapter, args[0]).then(run)
          : run();
      },
  };
  return hookMembers(adapter, "adapter", hooks, unhooked) as AppFunctions;
}

/** An e-mail link is put to the test by its token alone, wherever it leads. */
function noteLink(link: unknown): void {
  const attempt = tryIdentity(eventNames.signIn, undefined);
  if (attempt !== undefined) {
    attempt.attemptedIdentifier ??= claimOfText(readText(link, "identifier"));
  }
}

/** Both majors refuse a link for the same reasons. */
function describeInvite(invite: unknown, link: unknown): Failure | undefined {
  const expires = readField(invite, "expires");
  const claimed = readText(link, "identifier");
  const isGood =
    Boolean(invite) &&
    !(expires instanceof Date && expires.getTime() < Date.now()) &&
    (claimed === undefined || readText(invite, "identifier") === claimed);
  return isGood
    ? undefined
    : { reason: failureReasons.verificationInvalid, errorType: "Verification" };
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
    if (isSession) void whilePending(emitSessionReject(capture, failure));
    return;
  }
  // Anyone can post to `_log`, and have the logger called with what they like.
  if (attempt.target.action === "_log") return;
  // A stale cookie beside an attempt is not what the attempt is about.
  if (isSession && attempt.name !== undefined) return;
  recordFailure(attempt, failure);
}
