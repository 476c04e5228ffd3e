import { randomBytes } from "node:crypto";

/** A trace that begins outside the app, as a browser or a gateway would begin it. */
export interface Trace {
  traceId: string;
  headers: { traceparent: string };
}

export function newTrace(): Trace {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  return { traceId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}
