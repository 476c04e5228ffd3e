import { randomBytes } from "node:crypto";

/** A trace that begins outside the app, as a browser or a gateway would begin it. */
export interface Trace {
  traceId: string;
  /** The span of the caller. */
  spanId: string;
  headers: { traceparent: string };
}

export function newTrace(): Trace {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}
