/**
 * Every name that authlog writes: event names, attribute names, outcomes and failure reasons.
 * OpenTelemetry's semantic conventions 1.45.0 where they have the attribute; our own stand under
 * `auth.` and `authlog.`. The table in the README is tested against this module.
 */

/**
 * The names of the events that authlog captures itself. An app adds its own with `audit()`.
 * Each fits the 32 bytes that Pangea's standard schema gives `action`.
 */
export const eventNames = {
  /** One attempt to sign in ended, whichever way. */
  signIn: "auth.sign_in",
  /** A user's session was ended by the user. */
  signOut: "auth.sign_out",
  /** An account was made. */
  userCreate: "auth.user.create",
  /** An account was changed. */
  userUpdate: "auth.user.update",
  /** A provider's account was tied to a user. */
  accountLink: "auth.account.link",
  /** An e-mail link or code was asked for. */
  verificationRequest: "auth.verification.request",
  /** A session token was expired, forged, or of another secret. */
  sessionReject: "auth.session.reject",
  /** CSRF, state, PKCE, origin, callback URL or unknown provider: no identity was tried. */
  requestReject: "auth.request.reject",
  /** The attempt was refused by a limit. */
  rateLimit: "auth.rate_limit",
  /** The session was read; off unless asked for. */
  sessionRead: "auth.session.read",
  /** Events that could not be kept: how many, from when to when, and why. */
  gap: "authlog.gap",
} as const;

/** The name of an event that authlog itself captures. */
export type AuthEventName = (typeof eventNames)[keyof typeof eventNames];

/** The names of the attributes that a record can carry; nothing else leaves the process. */
export const attributes = {
  /** Time-ordered unique id (UUIDv7) made at emission: the key of deduplication end to end. */
  recordUid: "log.record.uid",
  /** `success` or `failure`. */
  outcome: "auth.outcome",
  /** Why it failed: one of {@link failureReasons}. */
  failureReason: "auth.failure.reason",
  /** The framework's own error type or code, never its message. */
  errorType: "error.type",
  /** The process that emitted the record. */
  producerId: "authlog.producer.id",
  /** The record's place in its producer's count, from 1: shows order and holes. */
  sequence: "authlog.sequence",
  /** Id of the user who acted; only when the identity is proven. */
  userId: "user.id",
  /** E-mail address of the user who acted; only when the identity is proven. */
  userEmail: "user.email",
  /** Full name of the user who acted; only when the identity is proven. */
  userFullName: "user.full_name",
  /** The identity that was claimed in a failed attempt: untrusted, the target, never the actor. */
  attemptedIdentifier: "auth.attempted.identifier",
  /** What an action of the app's own was done to: `invoice:42`. */
  target: "auth.target",
  /** Whether this is the user's first sign-in. */
  userIsNew: "auth.user.is_new",
  /** Id of the provider: `github`, `credentials` and the like. */
  providerId: "auth.provider.id",
  /** Kind of the provider: `oauth`, `oidc`, `email`, `credentials`, `webauthn`. */
  providerType: "auth.provider.type",
  /** Name of the framework that the event comes from: `next-auth`. */
  frameworkName: "auth.framework.name",
  /** Major version of the framework. */
  frameworkVersion: "auth.framework.version",
  /** Keyed hash of a database session's id. Never the token. */
  sessionId: "session.id",
  /** How many like events a coalesced reject stands for. */
  coalescedCount: "auth.coalesced.count",
  /** Address of the client, by the trusted-proxy rule. */
  clientAddress: "client.address",
  /** Whether the address was found by a rule that the app configured, not only claimed. */
  clientAddressVerified: "auth.client.address.verified",
  /** The client's `User-Agent` header. */
  userAgent: "user_agent.original",
  /** Method of the request. */
  requestMethod: "http.request.method",
  /** Path of the request, without the query. */
  urlPath: "url.path",
  /** Whether the trace is the one that the request's `traceparent` names: the caller's claim. */
  traceRemote: "authlog.trace.remote",
  /** Names of the attributes that were longer than their cap, and were cut to it. */
  truncated: "authlog.truncated",
  /** On a gap event: how many records could not be kept. */
  gapCount: "authlog.gap.count",
  /** On a gap event: why, as the code of the diagnostic. */
  gapCode: "authlog.gap.code",
  /** On a gap event: when the first of them happened, as far as it is known, in RFC 3339. */
  gapFirstTime: "authlog.gap.first_time",
  /** On a gap event: when the last of them happened. */
  gapLastTime: "authlog.gap.last_time",
  /** On a gap event: the process whose records they were, where they were of one. */
  gapProducerId: "authlog.gap.producer.id",
  /** On a gap event: the first one's place in that process's count, or an earlier one. */
  gapFirstSequence: "authlog.gap.first_sequence",
  /** On a gap event: the last one's place. */
  gapLastSequence: "authlog.gap.last_sequence",
} as const;

/** The name of an attribute in authlog's vocabulary. */
export type AttributeName = (typeof attributes)[keyof typeof attributes];

/** How an event ended. */
export const outcomes = { success: "success", failure: "failure" } as const;

/** How an event ended. */
export type Outcome = (typeof outcomes)[keyof typeof outcomes];

/** Why an attempt failed. Low in cardinality: safe to group, count and alert by. */
export const failureReasons = {
  /** The user is unknown or the password is wrong; which of the two is not told. */
  invalidCredentials: "invalid_credentials",
  /** The app's `signIn` callback, or the provider, refused the user. */
  accessDenied: "access_denied",
  /** The e-mail address belongs to a user of another provider. */
  accountNotLinked: "account_not_linked",
  /** The provider, or the app's `authorize`, failed. */
  providerError: "provider_error",
  /** State, nonce or PKCE value missing or wrong. */
  invalidState: "invalid_state",
  /** CSRF token missing or wrong. */
  csrfInvalid: "csrf_invalid",
  /** The session token is past its time. */
  tokenExpired: "token_expired",
  /** The session token is forged, damaged or of another secret. */
  tokenInvalid: "token_invalid",
  /** An e-mail link was used before, is past its time, or was never issued. */
  verificationInvalid: "verification_invalid",
  /** The e-mail with the link could not be sent. */
  emailSendFailed: "email_send_failed",
  /** The app's `signIn` callback sent the user elsewhere, without a session. */
  redirectedByCallback: "redirected_by_callback",
  /** The attempt was refused by a limit. */
  rateLimited: "rate_limited",
  /** The account is locked. */
  lockedOut: "locked_out",
  /** NextAuth is not configured correctly. */
  configuration: "configuration",
  /** None of the others can be told. */
  unknown: "unknown",
} as const;

/** Why an attempt failed. */
export type FailureReason = (typeof failureReasons)[keyof typeof failureReasons];

/** The instrumentation scope of every record that authlog emits. */
export const scopeName = "authlog";
