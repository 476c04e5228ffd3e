import { eventNames, type FailureReason, failureReasons } from "../../vocabulary.ts";
import type { Attempt, Failure } from "../attempt.ts";
import { failureOfThrown, reasonOfApp } from "../authorize-error.ts";
import { failsOAuthCheck, tokenReason } from "../checks.ts";
import { reasonOfCode } from "../credentials-codes.ts";
import { readField, readText } from "../read.ts";
import { refusalOf } from "../refusals.ts";

/** What a type of error of Auth.js says about the attempt that it ended. */
const reasons: ReadonlyMap<string, FailureReason> = new Map(
  Object.entries({
    AccessDenied: failureReasons.accessDenied,
    AccountNotLinked: failureReasons.accountNotLinked,
    AdapterError: failureReasons.providerError,
    CredentialsSignin: failureReasons.invalidCredentials,
    DuplicateConditionalUI: failureReasons.configuration,
    EmailSignInError: failureReasons.emailSendFailed,
    ExperimentalFeatureNotEnabled: failureReasons.configuration,
    InvalidEndpoints: failureReasons.configuration,
    MissingAdapter: failureReasons.configuration,
    MissingAdapterMethods: failureReasons.configuration,
    MissingAuthorize: failureReasons.configuration,
    MissingSecret: failureReasons.configuration,
    MissingWebAuthnAutocomplete: failureReasons.configuration,
    OAuthAccountNotLinked: failureReasons.accountNotLinked,
    OAuthProfileParseError: failureReasons.providerError,
    OAuthSignInError: failureReasons.providerError,
    SignOutError: failureReasons.unknown,
    UnsupportedStrategy: failureReasons.configuration,
    Verification: failureReasons.verificationInvalid,
    WebAuthnVerificationError: failureReasons.invalidCredentials,
  }),
);

/** Types that tell of a request in which no identity was tried. */
const requestRejects: ReadonlyMap<string, FailureReason> = new Map(
  Object.entries({
    InvalidCallbackUrl: failureReasons.unknown,
    InvalidCheck: failureReasons.invalidState,
    InvalidProvider: failureReasons.unknown,
    MissingCSRF: failureReasons.csrfInvalid,
    UnknownAction: failureReasons.unknown,
    UntrustedHost: failureReasons.configuration,
  }),
);

/** The code that Auth.js gives a CredentialsSignin of its own. */
const plainCode = "credentials";
const codeShape = /^[a-z0-9][a-z0-9_.-]{0,63}$/i;

/** An error that is none of Auth.js's own: what it means depends on where it was thrown. */
export const foreign: Failure = { reason: failureReasons.unknown, errorType: "Error" };

/**
 * What an error that Auth.js hands to its logger says, or `undefined` where it tells nothing of an
 * attempt or a session. Reads `type`, never `name`, which production builds shorten; a message is
 * looked at for what check failed, and never kept, since it may quote anything.
 */
export function failureOf(error: unknown): Failure | undefined {
  const type = readText(error, "type");
  if (type === undefined) return error instanceof Error ? foreign : undefined;
  const cause = readField(readField(error, "cause"), "err");
  if (type === "JWTSessionError" || type === "SessionTokenError") {
    const reason = type === "JWTSessionError" ? tokenReason(cause) : failureReasons.unknown;
    const refusal = refusalOf(cause) ?? { reason, errorType: type };
    return { name: eventNames.sessionReject, ...refusal };
  }
  const rejected = requestRejects.get(type);
  if (rejected !== undefined) {
    return { name: eventNames.requestReject, reason: rejected, errorType: type };
  }
  if (type === "CallbackRouteError" && failsOAuthCheck(cause)) {
    return {
      name: eventNames.requestReject,
      reason: failureReasons.invalidState,
      errorType: type,
    };
  }
  if (type === "SignOutError") {
    return { name: eventNames.signOut, reason: tokenReason(cause), errorType: type };
  }
  if (type === "OAuthCallbackError" || type === "CallbackRouteError") {
    return { reason: failureReasons.providerError, errorType: type, isClaimed: true };
  }
  return ownCredentialsCode(error) ?? ofType(type);
}

/**
 * An `authorize` that threw: Auth.js wraps what is no error of its own into a CallbackRouteError. A
 * CredentialsSignin says itself what it means, and of its other errors the logger says more.
 */
export function describeThrown(error: unknown): Failure | undefined {
  const kind = readText(error, "kind");
  if (kind === undefined) return failureOfThrown(error, "CallbackRouteError");
  if (kind === "signIn" && readText(error, "code") !== undefined) return undefined;
  const reason = reasonOfApp(error);
  return reason && { reason, errorType: readText(error, "type") ?? "AuthError" };
}

/** A subclass of CredentialsSignin is told by its code; its type may be the app's own. */
function ownCredentialsCode(error: unknown): Failure | undefined {
  const code = readText(error, "code");
  if (readField(error, "kind") !== "signIn" || code === undefined) return undefined;
  if (code === plainCode || !codeShape.test(code)) return undefined;
  return {
    reason: reasonOfCode(code) ?? failureReasons.invalidCredentials,
    errorType: code,
  };
}

/** A type that is not known, an app's own or a new one, is a failure all the same. */
function ofType(type: string): Failure | undefined {
  // What the app's event threw is swallowed by Auth.js, and the attempt goes on.
  if (type === "EventError") return undefined;
  return { reason: reasons.get(type) ?? failureReasons.unknown, errorType: type };
}

/** Says more of a failure, by the provider and the action that it happened in. */
export function refineFailure(failure: Failure, attempt: Attempt): Failure {
  const { target, provider, name, identityTried } = attempt;
  const { action, providerId } = target;
  const isForeign = failure.errorType === foreign.errorType;
  if (isForeign && providerId !== undefined && provider === undefined) {
    return { ...failure, name: eventNames.requestReject, errorType: "UnknownProvider" };
  }
  // It looks for the provider's type before it looks for the provider.
  if (isForeign && action === "callback" && providerId === undefined) {
    return { ...failure, name: eventNames.requestReject, errorType: "InvalidProvider" };
  }
  // Whether an app has passkeys, nobody but the client has asked.
  if (action === "webauthn-options" && failure.name === undefined) {
    return { ...failure, name: eventNames.requestReject, reason: failureReasons.unknown };
  }
  if (provider?.type === "email" && action === "signin") {
    const reason = isForeign ? failureReasons.emailSendFailed : failure.reason;
    return { name: eventNames.verificationRequest, ...failure, reason };
  }
  // Without a token in the link Auth.js asks nobody about it.
  if (provider?.type === "email" && failure.errorType === "CallbackRouteError" && !identityTried) {
    return { ...failure, reason: failureReasons.verificationInvalid };
  }
  // Its own errors for a passkey that is not known, or not shaped like one, have no type of their own.
  if (provider?.type === "webauthn" && failure.errorType === "AuthError") {
    return { ...failure, reason: failureReasons.invalidCredentials };
  }
  return isForeign && name === eventNames.signIn
    ? { ...failure, reason: failureReasons.providerError }
    : failure;
}
