import { eventNames, type FailureReason, failureReasons } from "../../vocabulary.ts";
import type { Attempt, Failure } from "../attempt.ts";
import { failureOfThrown } from "../authorize-error.ts";
import { failsOAuthCheck, tokenReason } from "../checks.ts";
import { reasonOfAnswer } from "../provider-answer.ts";
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
      // Next-auth hands over what was thrown. A plain object comes from `_log`, and so from anybody.
      if (!(metadata instanceof Error)) return undefined;
      return { name: eventNames.sessionReject, ...describeSessionError(code, error) };
    case "SIGNOUT_ERROR":
      return { name: eventNames.signOut, reason: tokenReason(error), errorType: code };
    case "INVALID_CALLBACK_URL_ERROR":
    case "MISSING_NEXTAUTH_API_ROUTE_ERROR":
      return { name: eventNames.requestReject, reason: failureReasons.unknown, errorType: code };
    case "OAUTH_CALLBACK_ERROR":
      if (!failsOAuthCheck(error)) break;
      return {
        name: eventNames.requestReject,
        reason: failureReasons.invalidState,
        errorType: code,
      };
    case "OAUTH_CALLBACK_HANDLER_ERROR":
      // Only of an error in a provider's answer does next-auth say whose; the message is that error.
      if (readText(metadata, "providerId") === undefined) break;
      return {
        reason: reasonOfAnswer(readText(error, "message")),
        errorType: code,
        isClaimed: true,
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

/** An `authorize` that throws: next-auth 4 makes its message a part of an address, and logs nothing. */
export function describeThrown(error: unknown): Failure {
  return failureOfThrown(error, "AuthorizeError");
}

/** How next-auth 4 answered: the only place where most of its failures show. */
export interface Answer {
  status: number;
  /** Where it sends people, also where it says so in JSON. */
  location: string | undefined;
}

/** What the answer says of a request of which nothing was seen. */
export function describeAnswer(answer: Answer, attempt: Attempt): Failure | undefined {
  const { status, location } = answer;
  const url = location === undefined ? null : parseUrl(location, "http://localhost");
  // Where people are sent is often the client's choice, so only next-auth's own pages count.
  const asksForCsrf = url?.search === "?csrf=true" && /\/sign(?:in|out)$/.test(url.pathname);
  const isUnsupported = status === 400 || (status === 500 && attempt.name !== undefined);
  if (isUnsupported || asksForCsrf) {
    const errorType = refusalType(attempt, asksForCsrf);
    const reason = errorType === missingCsrf ? failureReasons.csrfInvalid : failureReasons.unknown;
    return { name: eventNames.requestReject, reason, errorType };
  }
  if (attempt.name === undefined || attempt.name === eventNames.signOut) return undefined;
  const error = url?.pathname.endsWith("/error") ? url.searchParams.get("error") : undefined;
  const reason = error ? redirects.get(error) : undefined;
  return error && reason ? { reason, errorType: error } : undefined;
}

const missingCsrf = "MissingCSRF";

/** Next-auth 4 refuses requests without a word, so they get the types that Auth.js has for the same. */
function refusalType({ target, request, capture }: Attempt, asksForCsrf: boolean): string {
  const { action, providerId } = target;
  if (request.method !== "POST" && request.method !== "GET") return "UnknownAction";
  if (action === "callback" || action === "signin") {
    if (providerId === undefined) return "InvalidProvider";
    // Asked to sign in with a provider that it does not have, it asks for the CSRF token as well.
    if (!capture.providers.has(providerId)) return "UnknownProvider";
    return asksForCsrf ? missingCsrf : "InvalidProvider";
  }
  const isUpdate = action === "session" && request.method === "POST";
  return asksForCsrf || isUpdate ? missingCsrf : "UnknownAction";
}

/** Says more of a failure, by the provider and the action that it happened in. */
export function refineFailure(failure: Failure, { target, provider }: Attempt): Failure {
  return provider?.type === "email" && target.action === "signin"
    ? { name: eventNames.verificationRequest, ...failure }
    : failure;
}
