import { eventNames } from "../vocabulary.ts";
import type { AttemptName } from "./attempt.ts";
import { readText } from "./read.ts";

/** What NextAuth takes a request for. */
export interface RequestTarget {
  /** One of NextAuth's actions; `undefined` where the request names none that there is. */
  action: string | undefined;
  /** The provider that the request names; the app need not have it. */
  providerId?: string | undefined;
  /** The address in an e-mail link's query. */
  linkEmail?: string | undefined;
}

/** The actions that both majors know; each has one of its own beside them. */
const sharedActions = [
  "callback",
  "csrf",
  "error",
  "providers",
  "session",
  "signin",
  "signout",
  "verify-request",
] as const;

const actions4: ReadonlySet<string | undefined> = new Set([...sharedActions, "_log"]);
const actions5: ReadonlySet<string | undefined> = new Set([...sharedActions, "webauthn-options"]);

/** Whether either major knows the action. */
export function isKnownAction(action: string): boolean {
  return actions4.has(action) || actions5.has(action);
}

/**
 * The target of a request to next-auth 4. It reads no path, but the decoded parameter `nextauth` that
 * Next.js gives it, and of that the first two parts alone.
 */
export function readTarget4(nextauth: unknown, query: unknown): RequestTarget {
  // A route `[nextauth]` in place of `[...nextauth]` gives a text, of which next-auth takes letters.
  const parts = typeof nextauth === "string" ? Array.from(nextauth) : nextauth;
  const action = readText(parts, "0");
  return {
    action: actions4.has(action) ? action : undefined,
    providerId: readText(parts, "1"),
    linkEmail: readText(query, "email"),
  };
}

const takesProvider: ReadonlySet<string | undefined> = new Set([
  "callback",
  "signin",
  "webauthn-options",
]);

/**
 * The target of a request to Auth.js. It reads what follows its base path, as it was sent
 * (`parseActionAndProviderId`). Where the base path is not known yet, or is another, the last segments
 * are read: what Auth.js refuses, it says itself.
 */
export function readTarget5({ pathname, search, searchParams }: URL, base: unknown): RequestTarget {
  const isBelow = typeof base === "string" && pathname.startsWith(base);
  const rest = isBelow ? pathname.slice(base.length) : pathname;
  const segments = rest.split("/").filter(Boolean);
  const read = isBelow ? segments : segments.slice(takesProvider.has(segments.at(-2)) ? -2 : -1);
  const [action, id] = read;
  const isAction =
    actions5.has(action) && read.length <= 2 && (id === undefined || takesProvider.has(action));
  return {
    action: isAction ? action : undefined,
    providerId: isAction && id !== "undefined" ? id : undefined,
    // Most requests have no query, and to be asked for its parts takes a URL as long as to be read.
    ...(search !== "" && { linkEmail: searchParams.getAll("email").at(-1) }),
  };
}

/** What a request attempts. `GET /signin` and `GET /signout` only show a page. */
export function attemptOf(
  { action }: RequestTarget,
  method: string | undefined,
): AttemptName | undefined {
  if (action === "callback") return eventNames.signIn;
  if (method !== "POST") return undefined;
  if (action === "signin") return eventNames.signIn;
  return action === "signout" ? eventNames.signOut : undefined;
}
