/** Why a request had no answer that could be read. */
export type RequestFaultKind =
  | "timeout"
  | "aborted"
  | "network"
  | "request-too-large"
  | "answer-too-large"
  | "sdk";

/** No answer. Holds nothing of the request: no header, no body, no error underneath. */
export class RequestFault extends Error {
  override readonly name = "RequestFault";
  readonly kind: RequestFaultKind;
  /** Node's code of a network error, such as `ECONNREFUSED`. */
  readonly code: string | undefined;

  constructor(kind: RequestFaultKind, code?: string) {
    super(code === undefined ? kind : `${kind}: ${code}`);
    this.kind = kind;
    this.code = code;
  }

  /** What an error of `fetch` or of the SDK means, given the signal that the request had. */
  static from(error: unknown, signal: AbortSignal): RequestFault {
    if (error instanceof RequestFault) return error;
    if (signal.aborted) {
      const timedOut = signal.reason instanceof Error && signal.reason.name === "TimeoutError";
      return new RequestFault(timedOut ? "timeout" : "aborted");
    }
    // An error of `fetch` is a TypeError with a cause; without one it never reached the network.
    const kind = error instanceof TypeError && error.cause !== undefined ? "network" : "sdk";
    return new RequestFault(
      kind,
      codeOf(error) ?? (error instanceof Error ? error.name : undefined),
    );
  }
}

/** The first code in a chain of causes. A message is not taken: it may repeat a header's value. */
function codeOf(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 5) return undefined;
  const code: unknown = Reflect.get(error, "code");
  if (typeof code === "string" && /^[A-Z][A-Z0-9_]*$/.test(code)) return code;
  const [first]: unknown[] = error instanceof AggregateError ? error.errors : [];
  return codeOf(error.cause ?? first, depth + 1);
}
