import { type FailureReason, failureReasons } from "../../vocabulary.ts";
import type { Failure } from "../attempt.ts";

/** What a type of error of Auth.js says about the attempt that it ended. */
const reasons: Readonly<Record<string, FailureReason>> = {
  AccessDenied: failureReasons.accessDenied,
  AccountNotLinked: failureReasons.accountNotLinked,
  AdapterError: failureReasons.providerError,
  CallbackRouteError: failureReasons.providerError,
  CredentialsSignin: failureReasons.invalidCredentials,
  EmailSignInError: failureReasons.emailSendFailed,
  InvalidCheck: failureReasons.invalidState,
  InvalidEndpoints: failureReasons.configuration,
  MissingAdapter: failureReasons.configuration,
  MissingAdapterMethods: failureReasons.configuration,
  MissingAuthorize: failureReasons.configuration,
  MissingSecret: failureReasons.configuration,
  OAuthAccountNotLinked: failureReasons.accountNotLinked,
  OAuthCallbackError: failureReasons.providerError,
  OAuthProfileParseError: failureReasons.providerError,
  OAuthSignInError: failureReasons.providerError,
  SignOutError: failureReasons.unknown,
  UnsupportedStrategy: failureReasons.configuration,
  UntrustedHost: failureReasons.configuration,
  Verification: failureReasons.verificationInvalid,
  WebAuthnVerificationError: failureReasons.invalidCredentials,
};

/** Codes of the app's own subclasses of CredentialsSignin that say more than "wrong". */
const credentialsCodes: Readonly<Record<string, FailureReason>> = {
  locked: failureReasons.lockedOut,
  locked_out: failureReasons.lockedOut,
  account_locked: failureReasons.lockedOut,
  rate_limit: failureReasons.rateLimited,
  rate_limited: failureReasons.rateLimited,
  too_many_requests: failureReasons.rateLimited,
};

/** The code that Auth.js gives a CredentialsSignin of its own. */
const plainCode = "credentials";
const codeShape = /^[a-z0-9][a-z0-9_.-]{0,63}$/i;

/**
 * What an error that Auth.js hands to its logger says of the attempt under way, or `undefined` where
 * it tells nothing of one. Reads `type`, never `name`, which production builds shorten, and never
 * `message`, which may quote anything.
 */
export function failureOf(error: unknown): Failure | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { type, kind, code } = error as Record<"type" | "kind" | "code", unknown>;
  if (typeof type !== "string") return undefined;
  // A subclass of CredentialsSignin is told by its code; its type may be the app's own.
  if (kind === "signIn" && typeof code === "string" && code !== plainCode && codeShape.test(code)) {
    const reason = credentialsCodes[code] ?? failureReasons.invalidCredentials;
    return { reason, errorType: code };
  }
  const reason = reasons[type];
  return reason && { reason, errorType: type };
}
