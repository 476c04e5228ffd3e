import type { AuthEvent, EventUser } from "../../event/auth-event.ts";
import { type AuthEventName, eventNames, outcomes } from "../../vocabulary.ts";
import { type Attempt, currentAttempt, type Failure } from "../attempt.ts";
import { emitEvent } from "../emit-event.ts";
import { readProvider, readText } from "./read.ts";

const framework = { name: "next-auth", version: "5" } as const;

/** The payload that Auth.js gives its events; anything in it may be missing, or of any shape. */
interface EventMessage {
  user?: unknown;
  account?: unknown;
  session?: unknown;
  token?: unknown;
  isNewUser?: unknown;
}

/** What each of Auth.js's own events becomes. They tell of success only. */
export const onEvent: Readonly<Record<string, (message: EventMessage) => void>> = {
  signIn: ({ user, account, isNewUser }) => {
    succeed(eventNames.signIn, readUser(user, isNewUser), account);
  },
  signOut: ({ session, token }) => {
    const user = token ? readUser(token) : readUser(session);
    // A forged cookie ends no session: then there is neither, and nobody signed out.
    if (user !== undefined) succeed(eventNames.signOut, user);
  },
  createUser: ({ user }) => {
    succeed(eventNames.userCreate, readUser(user));
  },
  updateUser: ({ user }) => {
    succeed(eventNames.userUpdate, readUser(user));
  },
  linkAccount: ({ user, account }) => {
    succeed(eventNames.accountLink, readUser(user), account);
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

/** The user in a user object, in a token (`sub`), or in a database session (`userId`). */
function readUser(source: unknown, isNewUser?: unknown): EventUser | undefined {
  if (typeof source !== "object" || source === null) return undefined;
  const fields = source as Record<"id" | "sub" | "userId" | "email" | "name", unknown>;
  const id = readText(fields.sub) ?? readText(fields.userId) ?? readText(fields.id);
  const email = readText(fields.email);
  const fullName = readText(fields.name);
  return {
    ...(id !== undefined && { id }),
    ...(email !== undefined && { email }),
    ...(fullName !== undefined && { fullName }),
    ...(typeof isNewUser === "boolean" && { isNew: isNewUser }),
  };
}
