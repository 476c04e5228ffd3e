/**
 * Every way in which signing in, signing out and reading a session can end, in both majors of
 * NextAuth, and the events that each gives. What a visitor does for it stands under the same id in
 * `matrix-cases.ts`.
 */

import { type AuthEventName, eventNames, type FailureReason } from "../../src/vocabulary.ts";

export type Major = "v4" | "v5";

/** How an app is set up. They are all one build. */
export type Setup =
  /** Sessions in cookies; an OpenID provider, a mail server and a database that work. */
  | "sessions in tokens"
  | "sessions in the database"
  /** The profiles of the OpenID provider have no id where the app looks for it. */
  | "profiles without an id"
  | "provider and mail server closed"
  | "database closed"
  | "database closed, sessions in it";

/** Stands for the address of the person whom a run of a case is about. */
export const own = "own";

export interface ExpectedEvent {
  name: AuthEventName;
  /** Without one it is a success. */
  reason?: FailureReason;
  /** `error.type`. */
  type?: string;
  /** `auth.provider.id`. */
  provider?: string;
  /** `user.email` of a success, the claimed identity of a failure and of a link that was asked for. */
  who?: string;
  /** Whether there is a `user.id`. */
  known?: boolean;
  /** `auth.user.is_new`. */
  isNew?: boolean;
  /** Whether there is no `client.address`: the pages router tells a session's reader nothing of it. */
  fromNowhere?: true;
}

/** `null` where a major knows no such thing. */
type Outcomes = Readonly<Record<Major, readonly ExpectedEvent[] | null>>;

export interface MatrixRow extends Outcomes {
  id: string;
  /** What the visitor does. */
  when: string;
  setup: Setup;
  /** Whether it is done in each form of request that a major takes: as a form, in JSON, in both routers. */
  eachForm: boolean;
}

const alice = "alice@example.com";
const dave = "dave@example.com";
const frank = "frank@example.com";
const grace = "grace@example.com";

const password = { provider: "credentials" } as const;
const openId = { provider: "local" } as const;
const email = { provider: "email" } as const;

type Rest = Omit<ExpectedEvent, "name">;

const signsIn = (rest: Rest): ExpectedEvent => ({ name: eventNames.signIn, known: true, ...rest });
const signsOut = (rest: Rest): ExpectedEvent => ({
  name: eventNames.signOut,
  known: true,
  ...rest,
});
const failsToSignIn = (rest: Rest): ExpectedEvent => ({ name: eventNames.signIn, ...rest });
const asksForLink = (rest: Rest): ExpectedEvent => ({
  name: eventNames.verificationRequest,
  ...email,
  ...rest,
});
const rejectsRequest = (rest: Rest): ExpectedEvent => ({ name: eventNames.requestReject, ...rest });
const rejectsSession = (rest: Rest): ExpectedEvent => ({ name: eventNames.sessionReject, ...rest });

/** What the majors call any error at a session in a token. */
const jwtErrors: Record<Major, string> = { v4: "JWT_SESSION_ERROR", v5: "JWTSessionError" };

const both = (...events: ExpectedEvent[]): Outcomes => ({ v4: events, v5: events });

/** One event, alike in both majors but for its `error.type`. */
const typed = (event: ExpectedEvent, types: Record<Major, string>): Outcomes => ({
  v4: [{ ...event, type: types.v4 }],
  v5: [{ ...event, type: types.v5 }],
});

const created = (rest: Rest): ExpectedEvent => ({
  name: eventNames.userCreate,
  known: true,
  who: own,
  ...rest,
});
const linked: ExpectedEvent = {
  name: eventNames.accountLink,
  known: true,
  who: own,
  ...openId,
};
const updated: ExpectedEvent = {
  name: eventNames.userUpdate,
  known: true,
  who: own,
  ...email,
};
const firstByOpenId = [
  created(openId),
  linked,
  signsIn({ ...openId, who: own, isNew: true }),
] as const;

const inTokens = (id: string, when: string, outcomes: Outcomes): MatrixRow => ({
  id,
  when,
  setup: "sessions in tokens",
  eachForm: true,
  ...outcomes,
});

/** What cannot be done in more than one form: it goes through the OpenID provider, or follows a link. */
const once = (id: string, when: string, outcomes: Outcomes): MatrixRow => ({
  ...inTokens(id, when, outcomes),
  eachForm: false,
});

const inSetup = (setup: Setup, row: MatrixRow): MatrixRow => ({ ...row, setup });
const inDatabase = (row: MatrixRow): MatrixRow => inSetup("sessions in the database", row);

/**
 * A session that is refused, wherever it is read: at NextAuth's own route; on a page, by `auth()` or
 * `getServerSession`; and on a page of the pages router, which version 5 does not know.
 */
const refused = (
  id: string,
  when: string,
  reason: FailureReason,
  types: Record<Major, string>,
): MatrixRow[] => {
  const row = once(id, when, typed(rejectsSession({ reason }), types));
  const fromNowhere: ExpectedEvent = rejectsSession({ reason, type: types.v4, fromNowhere: true });
  return [
    row,
    { ...row, id: `${id}-on-page`, when: `${when}, on a page` },
    {
      ...row,
      id: `${id}-in-pages-router`,
      when: `${when}, on a page of the pages router`,
      v4: [fromNowhere],
      v5: null,
    },
  ];
};

export const matrix: readonly MatrixRow[] = [
  // Passwords.
  inTokens("password", "the right password", both(signsIn({ ...password, who: alice }))),
  inTokens(
    "password-while-signed-in",
    "the right password, while signed in",
    both(signsIn({ ...password, who: alice })),
  ),
  inTokens(
    "password-beside-stale-cookie",
    "the right password, beside a session cookie that is forged",
    both(signsIn({ ...password, who: alice })),
  ),
  inTokens(
    "wrong-password",
    "a wrong password",
    both(
      failsToSignIn({
        ...password,
        reason: "invalid_credentials",
        type: "CredentialsSignin",
        who: alice,
      }),
    ),
  ),
  inTokens(
    "unknown-user",
    "a user who is unknown",
    both(
      failsToSignIn({
        ...password,
        reason: "invalid_credentials",
        type: "CredentialsSignin",
        who: own,
      }),
    ),
  ),
  inTokens(
    "password-as-user-name",
    "a password in the field of the address",
    both(
      failsToSignIn({
        ...password,
        reason: "invalid_credentials",
        type: "CredentialsSignin",
      }),
    ),
  ),
  inTokens("authorize-throws", "an `authorize` that throws", {
    ...typed(failsToSignIn({ ...password, reason: "provider_error", who: "erin@example.com" }), {
      v4: "AuthorizeError",
      v5: "CallbackRouteError",
    }),
  }),
  inTokens(
    "account-locked",
    "an `authorize` that throws an error with a code",
    both(
      failsToSignIn({
        ...password,
        reason: "locked_out",
        type: "locked",
        who: "carol@example.com",
      }),
    ),
  ),
  inTokens(
    "callback-refuses",
    "a `signIn` callback that says no",
    both(failsToSignIn({ ...password, reason: "access_denied", type: "AccessDenied", who: dave })),
  ),
  inTokens(
    "callback-throws",
    "a `signIn` callback that throws",
    both(failsToSignIn({ ...password, reason: "access_denied", type: "AccessDenied", who: grace })),
  ),
  inTokens(
    "callback-redirects",
    "a `signIn` callback that leads elsewhere",
    both(
      failsToSignIn({
        ...password,
        reason: "redirected_by_callback",
        type: "SignInCallback",
        who: frank,
      }),
    ),
  ),

  inTokens(
    "password-of-leaver",
    "the right password of somebody to whom the `jwt` callback gives no token",
    both(
      failsToSignIn({
        ...password,
        reason: "access_denied",
        type: "JWTCallback",
        who: "bob@example.com",
      }),
    ),
  ),

  // Requests that try no identity.
  inTokens(
    "csrf-missing",
    "a password without a CSRF token",
    both(rejectsRequest({ ...password, reason: "csrf_invalid", type: "MissingCSRF" })),
  ),
  inTokens(
    "sign-out-csrf-missing",
    "a sign-out without a CSRF token",
    both(rejectsRequest({ reason: "csrf_invalid", type: "MissingCSRF" })),
  ),
  inTokens(
    "update-csrf-missing",
    "an update of the session without a CSRF token",
    both(rejectsRequest({ reason: "csrf_invalid", type: "MissingCSRF" })),
  ),
  inTokens(
    "unknown-provider",
    "a sign-in with a provider that there is not",
    both(rejectsRequest({ reason: "unknown", type: "UnknownProvider" })),
  ),
  once(
    "unknown-provider-callback",
    "a callback of a provider that there is not",
    both(rejectsRequest({ reason: "unknown", type: "UnknownProvider" })),
  ),
  once("unknown-action", "an action that there is not", {
    v4: [],
    v5: [rejectsRequest({ reason: "unknown", type: "UnknownAction" })],
  }),
  inTokens(
    "bad-callback-url",
    "a callback URL that is none",
    typed(rejectsRequest({ ...openId, reason: "unknown" }), {
      v4: "INVALID_CALLBACK_URL_ERROR",
      v5: "InvalidCallbackUrl",
    }),
  ),
  inTokens("forged-log", "a log entry of next-auth's own script, forged", both()),

  // Sessions in tokens, and signing out.
  inTokens("sign-out", "a sign-out", both(signsOut({ who: alice }))),
  inTokens("sign-out-without-session", "a sign-out of nobody", both()),
  inTokens(
    "sign-out-forged",
    "a sign-out with a session cookie that is forged",
    typed(
      { name: eventNames.signOut, reason: "token_invalid" },
      {
        v4: "SIGNOUT_ERROR",
        v5: "SignOutError",
      },
    ),
  ),
  once("reading", "every page and token that NextAuth hands out, and the session", both()),
  inTokens("session-update", "an update of the session", both()),
  ...refused("session-forged", "a session cookie that is forged", "token_invalid", jwtErrors),
  ...refused(
    "session-of-another-secret",
    "a session cookie made with another secret",
    "token_invalid",
    jwtErrors,
  ),
  ...refused(
    "session-expired",
    "a session cookie that is past its time",
    "token_expired",
    jwtErrors,
  ),
  ...refused(
    "session-of-leaver",
    "a session to which the `jwt` callback gives no token any more",
    "access_denied",
    { v4: "JWTCallback", v5: "JWTCallback" },
  ),
  once(
    "session-forged-at-handler",
    "an audited handler that reads the session twice, with a session cookie that is forged",
    typed(rejectsSession({ reason: "token_invalid" }), jwtErrors),
  ),

  // The OpenID provider.
  once("openid-first", "a first sign-in by OpenID", both(...firstByOpenId)),
  once(
    "openid-again",
    "a sign-in by OpenID of somebody who was here before",
    both(signsIn({ ...openId, who: own, isNew: false })),
  ),
  once(
    "openid-while-signed-in",
    "a sign-in by OpenID, while signed in by e-mail",
    both(linked, signsIn({ ...openId, who: own, isNew: false })),
  ),
  once(
    "openid-denied",
    "a person who refuses at the provider",
    typed(failsToSignIn({ ...openId, reason: "access_denied" }), {
      v4: "OAUTH_CALLBACK_HANDLER_ERROR",
      v5: "OAuthCallbackError",
    }),
  ),
  once(
    "openid-error",
    "a provider that answers with an error",
    typed(failsToSignIn({ ...openId, reason: "provider_error" }), {
      v4: "OAUTH_CALLBACK_HANDLER_ERROR",
      v5: "OAuthCallbackError",
    }),
  ),
  once(
    "openid-state-missing",
    "a callback without the cookies of its beginning",
    typed(rejectsRequest({ ...openId, reason: "invalid_state" }), {
      v4: "OAUTH_CALLBACK_ERROR",
      v5: "InvalidCheck",
    }),
  ),
  once(
    "openid-state-mismatch",
    "a callback with another state",
    typed(rejectsRequest({ ...openId, reason: "invalid_state" }), {
      v4: "OAUTH_CALLBACK_ERROR",
      v5: "CallbackRouteError",
    }),
  ),
  once(
    "openid-verifier-missing",
    "a callback without the cookie of its PKCE verifier",
    typed(rejectsRequest({ ...openId, reason: "invalid_state" }), {
      v4: "OAUTH_CALLBACK_ERROR",
      v5: "InvalidCheck",
    }),
  ),
  once(
    "openid-replayed",
    "a callback that was used before, with its cookies",
    typed(failsToSignIn({ ...openId, reason: "provider_error" }), {
      v4: "OAUTH_CALLBACK_ERROR",
      v5: "CallbackRouteError",
    }),
  ),
  once(
    "openid-code-forged",
    "a callback with a code that the provider did not give",
    typed(failsToSignIn({ ...openId, reason: "provider_error" }), {
      v4: "OAUTH_CALLBACK_ERROR",
      v5: "CallbackRouteError",
    }),
  ),
  once(
    "openid-not-linked",
    "a sign-in by OpenID with the address of somebody who is here by e-mail",
    both(
      failsToSignIn({
        ...openId,
        reason: "account_not_linked",
        type: "OAuthAccountNotLinked",
        who: own,
      }),
    ),
  ),
  once(
    "openid-of-another",
    "a sign-in by OpenID with the account of somebody else, while signed in",
    both(
      failsToSignIn({
        ...openId,
        reason: "account_not_linked",
        type: "OAuthAccountNotLinked",
        who: own,
      }),
    ),
  ),
  once(
    "openid-callback-refuses",
    "a sign-in by OpenID to which the `signIn` callback says no",
    both(failsToSignIn({ ...openId, reason: "access_denied", type: "AccessDenied", who: dave })),
  ),
  once(
    "openid-callback-throws",
    "a sign-in by OpenID at which the `signIn` callback throws",
    both(failsToSignIn({ ...openId, reason: "access_denied", type: "AccessDenied", who: grace })),
  ),
  once(
    "openid-of-leaver",
    "a first sign-in by OpenID to which the `jwt` callback gives no token",
    both(
      created(openId),
      linked,
      failsToSignIn({ ...openId, reason: "access_denied", type: "JWTCallback", who: own }),
    ),
  ),
  once(
    "openid-callback-redirects",
    "a sign-in by OpenID that the `signIn` callback leads elsewhere",
    both(
      failsToSignIn({
        ...openId,
        reason: "redirected_by_callback",
        type: "SignInCallback",
        who: frank,
      }),
    ),
  ),
  once(
    "openid-profile-throws",
    "a sign-in by OpenID whose profile the app's `profile` refuses by throwing",
    typed(failsToSignIn({ ...openId, reason: "provider_error" }), {
      v4: "OAUTH_PARSE_PROFILE_ERROR",
      v5: "OAuthProfileParseError",
    }),
  ),
  inSetup("profiles without an id", {
    ...once("openid-without-id", "a profile without an id", {
      v4: [
        failsToSignIn({ ...openId, reason: "provider_error", type: "OAUTH_PARSE_PROFILE_ERROR" }),
      ],
      // Version 5 makes up an id.
      v5: firstByOpenId,
    }),
  }),
  inSetup(
    "provider and mail server closed",
    inTokens(
      "openid-closed",
      "a sign-in by OpenID whose provider does not answer",
      typed(failsToSignIn({ ...openId, reason: "provider_error" }), {
        v4: "SIGNIN_OAUTH_ERROR",
        v5: "Error",
      }),
    ),
  ),

  // E-mail links.
  inTokens("link-asked-for", "a link that is asked for", both(asksForLink({ who: own }))),
  once(
    "link-first",
    "a first sign-in by a link",
    both(created(email), signsIn({ ...email, who: own, isNew: true })),
  ),
  once(
    "link-again",
    "a sign-in by a link of somebody who was here before",
    both(updated, signsIn({ ...email, who: own, isNew: false })),
  ),
  once(
    "link-reused",
    "a link that was used before",
    both(
      failsToSignIn({ ...email, reason: "verification_invalid", type: "Verification", who: own }),
    ),
  ),
  once(
    "link-expired",
    "a link that is past its time",
    both(
      failsToSignIn({ ...email, reason: "verification_invalid", type: "Verification", who: own }),
    ),
  ),
  once(
    "link-of-leaver",
    "a first sign-in by a link to which the `jwt` callback gives no token",
    both(
      created(email),
      failsToSignIn({ ...email, reason: "access_denied", type: "JWTCallback", who: own }),
    ),
  ),
  once(
    "link-of-another",
    "a link with the address of somebody else",
    both(
      failsToSignIn({
        ...email,
        reason: "verification_invalid",
        type: "Verification",
        who: "eve@example.com",
      }),
    ),
  ),
  once(
    "link-without-token",
    "a link without a token",
    typed(failsToSignIn({ ...email, reason: "verification_invalid", who: own }), {
      v4: "configuration",
      v5: "CallbackRouteError",
    }),
  ),
  inTokens(
    "link-csrf-missing",
    "a link that is asked for without a CSRF token",
    both(rejectsRequest({ ...email, reason: "csrf_invalid", type: "MissingCSRF" })),
  ),
  inTokens(
    "link-invalid-address",
    "a link for what is no address",
    typed(asksForLink({ reason: "email_send_failed" }), { v4: "SIGNIN_EMAIL_ERROR", v5: "Error" }),
  ),
  inTokens(
    "link-no-address",
    "a link for no address",
    typed(asksForLink({ reason: "email_send_failed" }), { v4: "EmailSignin", v5: "Error" }),
  ),
  inTokens(
    "link-refused-by-mail-server",
    "a link whose e-mail the mail server refuses",
    typed(asksForLink({ reason: "email_send_failed", who: own }), {
      v4: "SIGNIN_EMAIL_ERROR",
      v5: "Error",
    }),
  ),
  inSetup(
    "provider and mail server closed",
    inTokens(
      "link-mail-server-closed",
      "a link whose mail server does not answer",
      typed(asksForLink({ reason: "email_send_failed", who: own }), {
        v4: "SIGNIN_EMAIL_ERROR",
        v5: "Error",
      }),
    ),
  ),
  inTokens(
    "link-callback-refuses",
    "a link to which the `signIn` callback says no",
    both(asksForLink({ reason: "access_denied", type: "AccessDenied", who: dave })),
  ),
  inTokens(
    "link-callback-throws",
    "a link at which the `signIn` callback throws",
    both(asksForLink({ reason: "access_denied", type: "AccessDenied", who: grace })),
  ),
  inTokens(
    "link-callback-redirects",
    "a link that the `signIn` callback leads elsewhere",
    both(asksForLink({ reason: "redirected_by_callback", type: "SignInCallback", who: frank })),
  ),

  // Sessions in the database.
  inDatabase(once("database-openid-first", "a first sign-in by OpenID", both(...firstByOpenId))),
  inDatabase(
    once(
      "database-openid-beside-stale-cookie",
      "a first sign-in by OpenID, beside a session cookie that is forged",
      both(...firstByOpenId),
    ),
  ),
  inDatabase(
    once(
      "database-openid-while-signed-in",
      "a sign-in by OpenID, while signed in by e-mail",
      both(linked, signsIn({ ...openId, who: own, isNew: false })),
    ),
  ),
  inDatabase(
    once(
      "database-link-first",
      "a first sign-in by a link",
      both(created(email), signsIn({ ...email, who: own, isNew: true })),
    ),
  ),
  inDatabase(
    once(
      "database-link-while-signed-in",
      "a sign-in by a link, while signed in as somebody else",
      both(created(email), signsIn({ ...email, who: own, isNew: true })),
    ),
  ),
  inDatabase(inTokens("database-sign-out", "a sign-out", both(signsOut({ who: own })))),
  inDatabase(
    inTokens(
      "database-sign-out-forged",
      "a sign-out with a session cookie that is forged",
      both({ name: eventNames.signOut, reason: "token_invalid", type: "SessionNotFound" }),
    ),
  ),
  inDatabase(once("database-session", "a session that is read", both())),
  ...refused("database-session-forged", "a session cookie that is forged", "token_invalid", {
    v4: "SessionNotFound",
    v5: "SessionNotFound",
  }).map(inDatabase),
  ...refused("database-session-expired", "a session that is past its time", "token_expired", {
    v4: "SessionExpired",
    v5: "SessionExpired",
  }).map(inDatabase),

  // A database that does not answer.
  inSetup(
    "database closed",
    inTokens(
      "closed-link-asked-for",
      "a link that is asked for",
      typed(asksForLink({ reason: "provider_error" }), {
        v4: "adapter_error_getUserByEmail",
        v5: "AdapterError",
      }),
    ),
  ),
  inSetup(
    "database closed",
    once(
      "closed-link-used",
      "a link that is used",
      typed(failsToSignIn({ ...email, reason: "provider_error", who: own }), {
        v4: "adapter_error_useVerificationToken",
        v5: "AdapterError",
      }),
    ),
  ),
  inSetup(
    "database closed",
    once(
      "closed-openid",
      "a sign-in by OpenID",
      typed(failsToSignIn({ ...openId, reason: "provider_error" }), {
        v4: "adapter_error_getUserByAccount",
        v5: "AdapterError",
      }),
    ),
  ),
  inSetup(
    "database closed",
    inTokens(
      "closed-password",
      "the right password, where the `jwt` callback throws",
      both(
        failsToSignIn({ ...password, reason: "access_denied", type: "JWTCallback", who: alice }),
      ),
    ),
  ),
  ...refused("closed-token", "a session cookie, where the `jwt` callback throws", "access_denied", {
    v4: "JWTCallback",
    v5: "JWTCallback",
  }).map((row) => inSetup("database closed", row)),
  ...refused("closed-session", "a session that is read", "unknown", {
    v4: "SESSION_ERROR",
    v5: "SessionTokenError",
  }).map((row) => inSetup("database closed, sessions in it", row)),
];
