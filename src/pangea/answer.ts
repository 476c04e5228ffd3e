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
  detail: string;
  /** JSON pointer into the request. */
  source: string;
}

/** More errors than a request can have events are not read. */
const maxErrors = 1_000;

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
        detail: text(error, "detail"),
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
