import { AuthlogError, type AuthlogErrorCode } from "../errors.ts";
import type { Retryable } from "../telemetry/exporter.ts";
import type { Answer, Envelope } from "./answer.ts";
import type { RequestFault } from "./request-fault.ts";
import { parseRetryAfter } from "./retry-after.ts";

/**
 * What one request means for the events in it.
 * `refused.events` are positions in the request; what became of the others is not known.
 * `divisible`: at least one is at fault, and which is found by sending fewer.
 */
export type Verdict =
  | { status: "delivered" }
  | Retryable
  | { status: "refused"; events: ReadonlyMap<number, AuthlogError> }
  | { status: "divisible"; cause: AuthlogError };

/** Statuses of the envelope that only whoever runs the app or the account can mend. */
const misconfigured: ReadonlySet<string> = new Set([
  "MissingConfigID",
  "MissingConfigIDScope",
  "NoCredit",
  "NotFound",
  "ServiceNotAvailable",
  "ServiceNotEnabled",
]);

/** Statuses of the envelope that find fault with what was sent. */
const invalid: ReadonlySet<string> = new Set(["InvalidPayloadReceived", "ValidationError"]);

/** Statuses that pass by themselves, whatever the HTTP status beside them. */
const passing: ReadonlySet<string> = new Set([
  "Accepted",
  "InternalError",
  "ProviderError",
  "Success",
  "TooManyRequests",
]);

/**
 * Judges an answer. Only an envelope that says `Success` and has a hash for each event is a delivery;
 * only Pangea's own word about the events' content is a refusal: a pointer to an event, or a status
 * that is of nothing else. Everything else can be tried again.
 *
 * @param count how many events were sent
 * @param nowMillis milliseconds since 1970, for a Retry-After that is a date
 */
export function judgeAnswer(answer: Answer, count: number, nowMillis: number): Verdict {
  const { httpStatus, envelope } = answer;
  if (httpStatus === 413) return { status: "divisible", cause: rejected("is too large", answer) };
  const said = envelope?.status;
  if (httpStatus === 401 || httpStatus === 403 || said === "Unauthorized") {
    return retryable("ERR_AUTHLOG_DELIVERY_UNAUTHORIZED", answer, nowMillis);
  }
  const redirected = httpStatus >= 300 && httpStatus < 400;
  if (redirected || httpStatus === 404 || (said !== undefined && misconfigured.has(said))) {
    return retryable("ERR_AUTHLOG_DELIVERY_MISCONFIGURED", answer, nowMillis);
  }
  if (envelope !== undefined && isRefusal(httpStatus, envelope)) {
    return judgeRefusal(answer, envelope, count, nowMillis);
  }
  const accepted = httpStatus === 200 && said === "Success";
  if (accepted && envelope?.hashes === count) return { status: "delivered" };
  return retryable("ERR_AUTHLOG_DELIVERY_RETRYABLE", answer, nowMillis);
}

/** Judges a request that had no answer. Whether it was taken is not known. */
export function judgeFault({ kind, code }: RequestFault): Verdict {
  if (kind === "request-too-large") {
    return { status: "divisible", cause: rejected("It is larger than maxRequestBytes.") };
  }
  const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", {
    message: "Audit events could not be delivered now.",
    why: code === undefined ? `${faults[kind]}.` : `${faults[kind]} (${code}).`,
    fix: "Nothing, if it passes: the events are kept and sent again. Else check the destination.",
  });
  const sent = code === undefined || !unconnected.has(code);
  return { status: "retryable", cause, ...(sent && { unclear: true }) };
}

/** Codes of Node's for a connection that never was: nothing was sent. */
const unconnected: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);

const faults: Readonly<Record<Exclude<RequestFault["kind"], "request-too-large">, string>> = {
  timeout: "No answer came within timeoutMillis",
  aborted: "The delivery was aborted",
  network: "The connection failed",
  "answer-too-large": "The answer was far too long to be Pangea's",
  sdk: "pangea-node-sdk failed",
};

function isRefusal(httpStatus: number, { status }: Envelope): boolean {
  if (invalid.has(status)) return httpStatus < 500;
  return (httpStatus === 400 || httpStatus === 422) && !passing.has(status);
}

function judgeRefusal(
  answer: Answer,
  { status, errors }: Envelope,
  count: number,
  nowMillis: number,
): Verdict {
  const events = new Map<number, AuthlogError>();
  // The service's sentence about an event is left out: it may quote it, and a reason is logged.
  for (const { code, source } of errors) {
    const position = Number(/^\/events\/(\d+)(?:\/|$)/.exec(source)?.[1] ?? Number.NaN);
    if (position < count) events.set(position, rejected(excerpt(`${source} ${code}`)));
  }
  if (events.size > 0) return { status: "refused", events };
  // Pointers, but to no event: to the config id, say.
  const elsewhere = errors.filter(({ source }) => /^\/(?!events(?:\/|$))/.test(source));
  const isElsewhere = errors.length > 0 && elsewhere.length === errors.length;
  // What is wrong with the account, or the request's other members: no event is better than another.
  return isElsewhere || !invalid.has(status)
    ? retryable("ERR_AUTHLOG_DELIVERY_MISCONFIGURED", answer, nowMillis)
    : { status: "divisible", cause: rejected("is not valid", answer) };
}

type RetryableCode = Extract<AuthlogErrorCode, `ERR_AUTHLOG_DELIVERY_${string}`>;

const fixes: Readonly<Partial<Record<RetryableCode, string>>> = {
  ERR_AUTHLOG_DELIVERY_UNAUTHORIZED:
    "Check that the token is valid, and has the audit service in its scope.",
  ERR_AUTHLOG_DELIVERY_MISCONFIGURED:
    "Check domain or baseUrlTemplate, configId, and the service in Pangea's console.",
};

function retryable(code: RetryableCode, answer: Answer, nowMillis: number): Verdict {
  const cause = new AuthlogError(code, {
    message: "The audit log did not take the events now.",
    why: describe(answer),
    fix: fixes[code] ?? "Nothing, if it passes: the events are kept and sent again.",
  });
  const retryAfterMillis = parseRetryAfter(answer, nowMillis);
  return {
    status: "retryable",
    cause,
    ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }),
    ...(isUnclear(code, answer) && { unclear: true }),
  };
}

/**
 * A service that is too busy says so itself; of other answers, a proxy may have given them. What was
 * accepted may be taken yet, whatever was said when it was asked about.
 */
function isUnclear(code: RetryableCode, { httpStatus, envelope, accepted }: Answer): boolean {
  if (accepted !== undefined) return true;
  if (code !== "ERR_AUTHLOG_DELIVERY_RETRYABLE" || httpStatus === 429) return false;
  return httpStatus !== 503 || envelope === undefined;
}

function rejected(fault: string, answer?: Answer): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
    message: "The audit log refuses an event for good.",
    why: answer === undefined ? fault : `It ${fault}: ${describe(answer)}`,
    fix: "See that the schema fits the fields and sizes of the audit log's configuration.",
  });
}

function describe({ httpStatus, envelope, accepted }: Answer): string {
  if (envelope === undefined && accepted !== undefined)
    return `HTTP ${httpStatus}. The events were accepted before; their outcome is asked for again.`;
  if (envelope === undefined) return `HTTP ${httpStatus}, and no envelope of Pangea's.`;
  const { status, summary, hashes } = envelope;
  const hashed = status === "Success" ? `${hashes} events were given a hash.` : "";
  return excerpt(`HTTP ${httpStatus} ${status}. ${summary} ${hashed}`);
}

/** A service's words for a log line: short, and nothing in them that steers a terminal. */
function excerpt(text: string): string {
  return text
    .slice(0, 300)
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
}
