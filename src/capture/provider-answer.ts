import { eventNames, type FailureReason, failureReasons } from "../vocabulary.ts";
import type { Attempt, Failure } from "./attempt.ts";
import { guarded } from "./emit-event.ts";
import { readField, readText } from "./read.ts";

/**
 * What a provider answers where the person refused, or would have had to be asked: RFC 6749 (section
 * 4.1.2.1), OpenID Connect Core 1.0 (section 3.1.2.6), and the words of Apple and LinkedIn.
 */
const refusals: ReadonlySet<unknown> = new Set([
  "access_denied",
  "account_selection_required",
  "consent_required",
  "interaction_required",
  "login_required",
  "user_cancelled_authorize",
  "user_cancelled_login",
]);

/** Why an attempt failed that a provider answered with this error. */
export function reasonOfAnswer(error: unknown): FailureReason {
  return refusals.has(error) ? failureReasons.accessDenied : failureReasons.providerError;
}

/** What an answer is that anybody can have sent: nothing shows that a sign-in began in this browser. */
export function unproven({ errorType }: Failure): Failure {
  return { name: eventNames.requestReject, reason: failureReasons.invalidState, errorType };
}

/** What an answer is of which the app checks nothing: a failure, and no more can be known of it. */
export function unchecked({ errorType }: Failure): Failure {
  return { reason: failureReasons.providerError, errorType };
}

/** Whether a request brings the answer of an OAuth provider; one that is not known yet may be one. */
export function isAnswer({ target, capture }: Attempt): boolean {
  const type = capture.providers.get(target.providerId ?? "")?.type ?? "oauth";
  return target.action === "callback" && (type === "oauth" || type === "oidc");
}

/** A cookie by which NextAuth knows the answer to a sign-in that it began. */
export interface CheckCookie {
  check: string;
  name: string;
  value: string;
}

/** The cookies of the checks, by their keys in the configuration, and their names without what precedes them. */
const cookies: Readonly<Record<string, readonly [key: string, name: string]>> = {
  pkce: ["pkceCodeVerifier", "pkce.code_verifier"],
  state: ["state", "state"],
  nonce: ["nonce", "nonce"],
};

/** What a major calls its cookies, and checks where a provider does not say. */
interface Defaults {
  prefix: string;
  check: string;
}

/**
 * The cookies of all checks that a provider's answer has to pass: none where the app checks nothing, and
 * `undefined` where one of them is missing.
 */
export function checkCookiesOf(
  { target, capture: { config } }: Attempt,
  readCookie: (name: string) => string | undefined,
  { prefix, check }: Defaults,
): CheckCookie[] | undefined {
  const provider = config?.providers?.find((one) => idOf(one) === target.providerId);
  const given =
    readField(readField(provider, "options"), "checks") ?? readField(provider, "checks");
  const checks = (Array.isArray(given) ? given : [check]).filter((one) =>
    Object.hasOwn(cookies, one),
  );
  const found = checks.flatMap((one: string) => {
    const [key = "", name = ""] = cookies[one] ?? [];
    const own = readText(readField(readField(config, "cookies"), key), "name");
    const names = own === undefined ? [`${prefix}.${name}`, `__Secure-${prefix}.${name}`] : [own];
    return names
      .map((called) => ({ check: one, name: called, value: readCookie(called) ?? "" }))
      .filter(({ value }) => value !== "")
      .slice(0, 1);
  });
  return found.length === checks.length ? found : undefined;
}

function idOf(provider: unknown): string | undefined {
  return readText(readField(provider, "options"), "id") ?? readText(provider, "id");
}

/** Reads a cookie out of the request's header. */
export function cookieIn(header: string | null): (name: string) => string | undefined {
  const pairs = header?.split(";").map((pair) => pair.trim()) ?? [];
  return (name) => pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The longest form that is read: a provider answers with a code, a state, and at most a name. */
const longestForm = 65_536;

/**
 * The form by which a provider answers with `response_mode=form_post`, read from a copy: the request's
 * own body is NextAuth's. Begins to read at once, so that nothing is kept for it. Never rejects.
 */
export async function copyForm(
  request: Request,
  attempt: Attempt,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (request.method !== "POST" || !isAnswer(attempt) || !isForm(request)) return undefined;
  const reader = guarded(() => request.clone().body?.getReader());
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const part = await reader?.read();
      if (part?.value === undefined) return Object.fromEntries(new URLSearchParams(text));
      text += decoder.decode(part.value, { stream: true });
      if (text.length > longestForm) break;
    }
    // It ends with NextAuth's own reading: nobody waits for that here.
    void reader?.cancel().catch(() => {});
  } catch {
    // NextAuth cannot read it either, and says so.
  }
  return undefined;
}

/** Whether there is a form to read: the app may have read it before. */
function isForm({ headers, bodyUsed }: Request): boolean {
  const type = headers.get("content-type");
  return !bodyUsed && type?.includes("application/x-www-form-urlencoded") === true;
}
