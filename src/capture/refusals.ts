import { eventNames, failureReasons } from "../vocabulary.ts";
import type { Failure } from "./attempt.ts";

/** The app's `jwt` callback gave no token, or threw: whoever was admitted has no session. */
export const noToken: Failure = { reason: failureReasons.accessDenied, errorType: "JWTCallback" };

/** The app's `session` callback threw: the session was good, and is not handed out. */
export const noSession: Failure = {
  reason: failureReasons.accessDenied,
  errorType: "SessionCallback",
};

/** A body that NextAuth cannot read: nothing was asked of anybody yet. */
export const unreadableBody: Failure = {
  name: eventNames.requestReject,
  reason: failureReasons.unknown,
  errorType: "UnreadableBody",
};

/**
 * NextAuth itself threw: next-auth 4 catches neither its callbacks nor the adapter everywhere, Auth.js
 * does not catch what the app's lazy configuration throws.
 */
export const handlerError: Failure = {
  reason: failureReasons.unknown,
  errorType: "HandlerError",
};

const refusals = new WeakMap<object, Failure>();

/**
 * Remembers what the app's own callback threw. NextAuth logs it as it logs a token that is forged, and
 * only by this can the two be told apart.
 */
export function rememberRefusal(thrown: unknown, failure: Failure): void {
  if (typeof thrown === "object" && thrown !== null) refusals.set(thrown, failure);
}

/** What an error that NextAuth logs stands for, where a callback of the app threw it. */
export function refusalOf(error: unknown): Failure | undefined {
  return typeof error === "object" && error !== null ? refusals.get(error) : undefined;
}
