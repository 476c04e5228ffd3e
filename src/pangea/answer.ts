import type { Exchange } from "./post-once.ts";

/** What came back for one bulk call, read once at the door. No field of it holds the token. */
export interface Answer {
  /** Status of the HTTP response. */
  httpStatus: number;
  /** The header as it came. */
  retryAfter?: string;
  /** The receiver's own time, as it came. */
  date?: string;
  /** Pangea's envelope; absent if the body was not one, as the HTML page of a proxy. */
  envelope?: Envelope;
  /** Where the request was accepted (202) and its outcome is not known yet: where to ask for it. */
  accepted?: Accepted;
}

/** A request that was taken, and whose outcome is told later. */
export interface Accepted {
  requestId: string;
  /** When the service forgets the id, in milliseconds of the clock that never is set back. */
  knownUntil: number;
}

/** The part of Pangea's envelope that decides what became of a bulk call. */
export interface Envelope {
  /** `Success`, `ValidationError`, `TooManyRequests` and so on. */
  status: string;
  /** The service's sentence about it. */
  summary: string;
  /** How many events were answered with a hash. */
  hashes: number;
  errors: readonly AnswerError[];
}

/** One entry of `result.errors`. */
export interface AnswerError {
  code: string;
  /** JSON pointer into the request. */
  source: string;
}

/** More errors than a request can have events are not read. */
const maxErrors = 1_000;

/** Pangea's form of a request's id: whatever else stands there must not become a path. */
const requestId = /^prq_[a-z0-9]{32}$/;

/** Where `ttl_mins` is missing, and the most of it that is believed. */
const ttlMinutes = { default: 5, most: 60 };

/**
 * Reads where to ask for the outcome of a request that was accepted, out of what the SDK made of a
 * 202; undefined if nothing says so.
 *
 * @param now milliseconds of the clock that never is set back
 */
export function parseAccepted(body: unknown, now: number): Accepted | undefined {
  const id = member(body, "request_id");
  if (typeof id !== "string" || !requestId.test(id)) return undefined;
  const ttl = Number(member(member(body, "accepted_result"), "ttl_mins"));
  const minutes = ttl > 0 ? Math.min(ttl, ttlMinutes.most) : ttlMinutes.default;
  return { requestId: id, knownUntil: now + minutes * 60_000 };
}

/** What is known of an answer without its body. */
export function headOf({ response }: Exchange): Answer {
  const [retryAfter, date] = [response.headers.get("retry-after"), response.headers.get("date")];
  return {
    httpStatus: response.status,
    ...(retryAfter !== null && { retryAfter }),
    ...(date !== null && { date }),
  };
}

/**
 * Reads Pangea's envelope out of what the SDK made of a body.
 *
 * @param redact takes the token out of a text, should the service have echoed it.
 * @returns undefined if it is none.
 */
export function parseEnvelope(
  body: unknown,
  redact: (text: string) => string,
): Envelope | undefined {
  const status = member(body, "status");
  // The SDK gives JSON that has no status this one.
  if (typeof status !== "string" || status === "NoStatus") return undefined;
  const result = member(body, "result");
  const text = (from: unknown, key: string): string => {
    const value = member(from, key);
    return typeof value === "string" ? redact(value) : "";
  };
  return {
    status: redact(status),
    summary: text(body, "summary"),
    hashes: list(member(result, "results")).filter((item) => text(item, "hash") !== "").length,
    errors: list(member(result, "errors"))
      .slice(0, maxErrors)
      .map((error) => ({
        code: text(error, "code"),
        source: text(error, "source"),
      })),
  };
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
