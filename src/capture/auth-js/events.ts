import type { AuthEvent, EventUser } from "../../event/auth-event.ts";
import { type AuthEventName, eventNames, outcomes } from "../../vocabulary.ts";
import { type Attempt, currentAttempt, type Failure } from "../attempt.ts";
import { emitEvent } from "../emit-event.ts";
import { readField, readProvider, readUser } from "./read.ts";

const framework = { name: "next-auth", version: "5" } as const;

/** What each of Auth.js's own events becomes. They tell of success only. */
export const onEvent: Readonly<Record<string, (message: unknown) => void>> = {
  signIn(message) {
    const isNew = readField(message, "isNewUser");
    const user = readUser(readField(message, "user"));
    succeed(
      eventNames.signIn,
      typeof isNew === "boolean" ? { ...user, isNew } : user,
      readField(message, "account"),
    );
  },
  signOut(message) {
    const user = readUser(readField(message, "token")) ?? readUser(readField(message, "session"));
    // A forged cookie ends no session: then there is neither, and nobody signed out.
    if (user !== undefined) succeed(eventNames.signOut, user);
  },
  createUser(message) {
    succeed(eventNames.userCreate, readUser(readField(message, "user")));
  },
  updateUser(message) {
    succeed(eventNames.userUpdate, readUser(readField(message, "user")));
  },
  linkAccount(message) {
    const user = readUser(readField(message, "user"));
    succeed(eventNames.accountLink, user, readField(message, "account"));
  },
};

function succeed(name: AuthEventName, user: EventUser | undefined, account?: unknown): void {
  const attempt = currentAttempt();
  if (attempt?.name === name) attempt.concluded = true;
  const provider = readProvider(account) ?? attempt?.provider;
  emitEvent({
    name,
    timeUnixMillis: Date.now(),
    outcome: outcomes.success,
    ...(user && { user }),
    ...(provider && name !== eventNames.signOut && { provider }),
    ...(attempt && { request: attempt.request }),
    framework,
  });
}

/** The event of an attempt that failed. */
export function failureEvent(attempt: Attempt, failure: Failure): AuthEvent {
  const { name, request, provider, attemptedIdentifier } = attempt;
  return {
    name,
    timeUnixMillis: Date.now(),
    outcome: outcomes.failure,
    ...failure,
    ...(provider && { provider }),
    ...(attemptedIdentifier !== undefined && { attemptedIdentifier }),
    request,
    framework,
  };
}
