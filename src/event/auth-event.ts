import type { AttributeValue, SpanContext } from "../slot.ts";
import type { FailureReason, Outcome } from "../vocabulary.ts";

/** Who acted. Only for an identity that is proven. */
export interface EventUser {
  id?: string;
  email?: string;
  fullName?: string;
  /** Whether this is the user's first sign-in. */
  isNew?: boolean;
}

/** What stands for a value that must not be told: a keyed hash of it. */
export interface Pseudonym {
  readonly pseudonym: string;
}

/** The provider that the attempt went through. */
export interface EventProvider {
  id: string;
  /** `oauth`, `oidc`, `email`, `credentials`, `webauthn`. */
  type?: string;
}

/** The request that the event happened in. */
export interface EventRequest {
  clientAddress?: string;
  /** Whether the address was found by a rule that the app configured. */
  clientAddressVerified?: boolean;
  userAgent?: string;
  method?: string;
  /** Without the query. It can hold private data, such as whose page it is. */
  path?: string;
  /** In place of a path, of NextAuth's own routes: base path, action and provider, and nothing private. */
  route?: string;
  /** The span of whoever made the request, as they say. */
  caller?: SpanContext;
}

/**
 * What happened, as capture tells it: typed, but not yet safe to send. Strings may be of any length
 * and hold anything; `toLogRecord` applies the caps and makes them well-formed.
 */
export interface AuthEvent {
  /** One of `eventNames`, or a name of the app's own. */
  name: string;
  /** Milliseconds since 1970. */
  timeUnixMillis: number;
  outcome?: Outcome;
  /** On failure. An event of the app's own can have a code of the app's own. */
  reason?: FailureReason | (string & {});
  /** On failure: the framework's own error type or code, never its message. */
  errorType?: string;
  user?: EventUser;
  /** On failure: the identity that was claimed. Untrusted. */
  attemptedIdentifier?: string | Pseudonym;
  /** What an action of the app's own was done to. */
  target?: string;
  provider?: EventProvider;
  /** Absent from an event of the app's own. */
  framework?: { name: string; version: string };
  /** Stands for a database session's token, which itself is never a part of an event. */
  session?: Pseudonym;
  request?: EventRequest;
  /** How many like events this one stands for, where it stands for more than itself. */
  coalescedCount?: number;
  /** What the app tells beside, under names that are none of the vocabulary's. */
  own?: Readonly<Record<string, AttributeValue>>;
}
