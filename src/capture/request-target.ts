import { eventNames } from "../vocabulary.ts";
import type { AttemptName } from "./attempt.ts";

/** Which of NextAuth's actions a request is for. */
export interface RequestTarget {
  /** `signin`, `callback`, `signout`, `session`, `_log` and so on. */
  action: string | undefined;
  providerId?: string | undefined;
  /** Whether an e-mail link's token is in the query. */
  hasToken?: boolean;
  /** The address in an e-mail link's query. */
  linkEmail?: string | undefined;
  /** Whether an OAuth provider says that the user, or it, refused (RFC 6749, section 4.1.2.1). */
  deniedByProvider?: boolean;
}

// The base path before it is the app's own, and it may be anything.
const actionPath = /\/(?:(callback|signin)\/([^/]+)|(signin|signout|session|_log|[\w-]+))\/?$/;

/** Reads a request's URL; only the parts named are kept. */
export function readTarget(url: URL): RequestTarget {
  const [, withProvider, providerId, alone] = actionPath.exec(url.pathname) ?? [];
  return {
    action: withProvider ?? alone,
    ...(providerId !== undefined && { providerId }),
    // Most requests have no query, and to be asked for its parts takes a URL as long as to be read.
    ...(url.search !== "" && readQuery(url.searchParams)),
  };
}

function readQuery(query: URLSearchParams): Partial<RequestTarget> {
  return {
    hasToken: Boolean(query.get("token")),
    linkEmail: query.get("email") ?? undefined,
    deniedByProvider: query.get("error") === "access_denied",
  };
}

/** What a request attempts. `GET /signin` and `GET /signout` only show a page. */
export function attemptOf(
  { action, providerId }: RequestTarget,
  method: string,
): AttemptName | undefined {
  if (action === "callback" && providerId !== undefined) return eventNames.signIn;
  if (method !== "POST") return undefined;
  if (action === "signin" && providerId !== undefined) return eventNames.signIn;
  return action === "signout" ? eventNames.signOut : undefined;
}
