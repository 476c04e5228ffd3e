import { apiGlobals } from "../telemetry/api-globals.ts";

/** The key by which the OpenTelemetry SDK tells instrumentations to leave a call alone. */
const suppressTracing = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** Runs a call without spans of its own: delivering telemetry must not make more of it. */
export function untraced<T>(call: () => T): T {
  const { context } = apiGlobals();
  if (context === undefined) return call();
  return context.with(context.active().setValue(suppressTracing, true), call);
}
