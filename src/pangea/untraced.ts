import { context, createContextKey } from "@opentelemetry/api";

/** The key by which the OpenTelemetry SDK tells instrumentations to leave a call alone. */
const suppressTracing = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** Runs a call without spans of its own: delivering telemetry must not make more of it. */
export function untraced<T>(call: () => T): T {
  return context.with(context.active().setValue(suppressTracing, true), call);
}
