import { eventNames, type FailureReason, failureReasons } from "../../vocabulary.ts";
import type { Attempt, Failure } from "../attempt.ts";
import { failsOAuthCheck, tokenReason } from "../checks.ts";
import { reasonOfCode } from "../credentials-codes.ts";
import { guarded } from "../emit-event.ts";
import { readField, readText } from "../read.ts";
import { noToken, refusalOf } from "../refusals.ts";
import { parseUrl } from "../../telemetry/built-ins.ts";

/** What a code that next-auth 4 hands to its logger says about the attempt that it ended. */
const reasons: ReadonlyMap<string, FailureReason> = new Map(
  Object.entries({
    CALLBACK_CREDENTIALS_HANDLER_ERROR: failureReasons.configuration,
    CALLBACK_CREDENTIALS_JWT_ERROR: failureReasons.configuration,
    CALLBACK_EMAIL_ERROR: failureReasons.providerError,
    CALLBACK_OAUTH_ERROR: failureReasons.providerError,
    EMAIL_REQUIRES_ADAPTER_ERROR: failureReasons.configuration,
    MISSING_ADAPTER_METHODS_ERROR: failureReasons.configuration,
    NO_SECRET: failureReasons.configuration,
    OAUTH_CALLBACK_ERROR: failureReasons.providerError,
    OAUTH_CALLBACK_HANDLER_ERROR: failureReasons.providerError,
    OAUTH_PARSE_PROFILE_ERROR: failureReasons.providerError,
    OAUTH_V1_GET_ACCESS_TOKEN_ERROR: failureReasons.providerError,
    SIGNIN_EMAIL_ERROR: failureReasons.emailSendFailed,
    SIGNIN_OAUTH_ERROR: failureReasons.providerError,
  }),
);

/** What the `error` in the address that next-auth 4 sends people to says. Anything else is a message. */
const redirects: ReadonlyMap<string, FailureReason> = new Map(
  Object.entries({
    AccessDenied: failureReasons.accessDenied,
    Callback: failureReasons.providerError,
    Configuration: failureReasons.configuration,
    CredentialsSignin: failureReasons.invalidCredentials,
    EmailCreateAccount: failureReasons.providerError,
    EmailSignin: failureReasons.emailSendFailed,
    OAuthAccountNotLinked: failureReasons.accountNotLinked,
    OAuthCallback: failureReasons.providerError,
    OAuthCreateAccount: failureReasons.providerError,
    OAuthSignin: failureReasons.providerError,
    Verification: failureReasons.verificationInvalid,
    // In small letters it says that an e-mail link has no token.
    configuration: failureReasons.verificationInvalid,
  }),
);

/** What a call of `logger.error(code, metadata)` says. */
export function describeError([code, metadata]: readonly unknown[]): Failure | undefined {
  if (typeof code !== "string") return undefined;
  const error = metadata instanceof Error ? metadata : readField(metadata, "error");
  switch (code) {
    case "JWT_SESSION_ERROR":
    case "SESSION_ERROR":
      return { name: eventNames.sessionReject, ...describeSessionError(code, error) };
    case "SIGNOUT_ERROR":
      return { reason: tokenReason(error), errorType: code };
    case "INVALID_CALLBACK_URL_ERROR":
      return { name: eventNames.requestReject, reason: failureReasons.unknown, errorType: code };
    case "OAUTH_CALLBACK_ERROR":
      if (!failsOAuthCheck(error)) break;
      return {
        name: eventNames.requestReject,
        reason: failureReasons.invalidState,
        errorType: code,
      };
    default:
  }
  // The rest of the code is the adapter's method.
  const reason = code.startsWith("adapter_error_")
    ? failureReasons.providerError
    : reasons.get(code);
  return reason && { reason, errorType: code };
}

function describeSessionError(code: string, error: unknown): Failure {
  const refusal = refusalOf(error);
  if (refusal !== undefined) return refusal;
  if (code === "SESSION_ERROR") return { reason: failureReasons.unknown, errorType: code };
  // What jose says of a token that it is to encrypt: the app's callback gave none.
  return readText(error, "message") === "JWT Claims Set MUST be an object"
    ? noToken
    : { reason: tokenReason(error), errorType: code };
}

/**
 * An `authorize` that throws: next-auth 4 makes its message a part of an address, and logs nothing. It
 * has no errors with codes, so the app puts one into a field of its own. Only codes that are known are
 * taken: databases and Node put theirs into that field, too.
 */
export function describeThrown(error: unknown): Failure {
  const code = guarded(() => ownText(error, "code"));
  const reason = code === undefined ? undefined : reasonOfCode(code);
  return code !== undefined && reason !== undefined
    ? { reason, errorType: code }
    : { reason: failureReasons.providerError, errorType: "AuthorizeError" };
}

function ownText(source: unknown, name: string): string | undefined {
  if (typeof source !== "object" || source === null || !Object.hasOwn(source, name))
    return undefined;
  const value: unknown = Reflect.get(source, name);
  return typeof value === "string" ? value : undefined;
}

/** A handler that throws: next-auth 4 catches neither its callbacks nor the adapter everywhere. */
export const handlerError: Failure = {
  reason: failureReasons.unknown,
  errorType: "HandlerError",
};

/** How next-auth 4 answered: the only place where most of its failures show. */
export interface Answer {
  status: number;
  /** Where it sends people, also where it says so in JSON. */
  location: string | undefined;
}

/** What the answer says of an attempt of which nothing was seen, or of a request that is none. */
export function describeAnswer(
  { status, location }: Answer,
  attempt: Attempt,
): Failure | undefined {
  const { action, providerId } = attempt.target;
  const query =
    location === undefined ? undefined : parseUrl(location, "http://localhost")?.searchParams;
  const isUpdate = action === "session" && status === 400;
  const asksForCsrf = attempt.name !== undefined && query?.get("csrf") === "true";
  // Asked to sign in with a provider that it does not have, next-auth asks for the token as well.
  if (
    attempt.name !== undefined &&
    (status === 400 || asksForCsrf) &&
    providerId !== undefined &&
    !attempt.capture.providers.has(providerId)
  ) {
    return {
      name: eventNames.requestReject,
      reason: failureReasons.unknown,
      errorType: "UnknownProvider",
    };
  }
  if (isUpdate || asksForCsrf) {
    return {
      name: eventNames.requestReject,
      reason: failureReasons.csrfInvalid,
      errorType: "MissingCSRF",
    };
  }
  if (attempt.name === undefined) return undefined;
  const error = query?.get("error");
  const reason = error ? redirects.get(error) : undefined;
  return error && reason ? { reason, errorType: error } : undefined;
}

/** Says more of a failure, by the provider and the action that it happened in. */
export function refineFailure(failure: Failure, { target, provider }: Attempt): Failure {
  if (provider?.type === "email" && target.action === "signin") {
    return { name: eventNames.verificationRequest, ...failure };
  }
  return failure.reason === failureReasons.providerError && target.deniedByProvider
    ? { ...failure, reason: failureReasons.accessDenied }
    : failure;
}
