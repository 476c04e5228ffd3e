import { AuthlogError, errorKind } from "../errors.ts";
import { type AuthLogRecord, type Emission, getSlot, noteActivity, type Slot } from "../slot.ts";
import { attributes as vocabulary, scopeName } from "../vocabulary.ts";
import { apiGlobals, type Context, contextWith, registerLogs } from "./api-globals.ts";
import { report } from "./diagnostics.ts";
import type { HrTime } from "./exporter.ts";
import { noteLost } from "./unconfirmed.ts";

/** What both API lines call a log record on its way in. */
export interface ApiLogRecord extends Omit<AuthLogRecord, "timeUnixMillis" | "remoteSpan"> {
  timestamp: HrTime;
  /** The active one, where there is none here. */
  context?: Context;
}

export interface Logger {
  emit(record: ApiLogRecord): void;
}

/** A provider as both APIs have it, as far as authlog uses it. */
export interface LoggerProvider {
  getLogger(name: string): Logger;
  /** What the API of either line asks of a provider does not have it; what an SDK makes does. */
  forceFlush?(): Promise<void>;
}

/** The global of `@opentelemetry/api-logs`, where the 2.x line keeps its provider of loggers. */
const api2 = Symbol.for("io.opentelemetry.js.api.logs");

/**
 * Emits a record to the app's provider of either OpenTelemetry line; with a provider in each, to the
 * second one too if the first has no processor of ours. Where none took it, the fallback sink gets it;
 * where there is none either, the loss is counted and said. Never throws.
 */
export function emit(record: AuthLogRecord, sink: Slot["sink"] = getSlot().sink): void {
  const slot = getSlot();
  const emission: Emission = { record, taken: false };
  const outer = slot.emitting;
  slot.emitting = emission;
  const providers = loggerProviders();
  for (const provider of providers) {
    if (!emission.taken) emitTo(provider, record);
  }
  slot.emitting = outer;
  if (emission.taken || sink !== undefined) {
    const takenBy = emission.taken ? "processor" : "sink";
    noteActivity({ lastEventUnixMillis: Date.now(), takenBy });
  }
  if (emission.taken) return;
  if (sink === undefined) {
    const { [vocabulary.sequence]: sequence } = record.attributes;
    const firstSequence = typeof sequence === "number" ? sequence : undefined;
    noteLost({ producerId: slot.producer.id, firstSequence });
    report(noSink());
    return;
  }
  sink(record);
  if (providers.length > 0) report(noProcessor());
}

/** Every look-up makes a key of the scope's name, which takes as long as half of an emit. */
const loggers = new WeakMap<LoggerProvider, Logger>();

function loggerOf(provider: LoggerProvider): Logger {
  const known = loggers.get(provider);
  if (known !== undefined) return known;
  const logger = provider.getLogger(scopeName);
  loggers.set(provider, logger);
  return logger;
}

function emitTo(provider: LoggerProvider, record: AuthLogRecord): void {
  const { timeUnixMillis, remoteSpan, eventName, severityNumber, severityText, body, attributes } =
    record;
  try {
    loggerOf(provider).emit({
      eventName,
      severityNumber,
      severityText,
      body,
      attributes,
      timestamp: toHrTime(timeUnixMillis),
      ...(remoteSpan && { context: contextWith(remoteSpan) }),
    });
  } catch (cause) {
    report(emitFailed(cause));
  }
}

/**
 * The providers that somebody has registered, in the APIs of the 3.x and of the 2.x line. The two do
 * not know each other, and emitting to the wrong one is a silent no-op. Looked up each time: a
 * provider may be registered, or replaced, whenever the app likes.
 */
export function loggerProviders(): readonly LoggerProvider[] {
  const { logs } = apiGlobals() as { logs?: LoggerProvider };
  // A function of the API's version.
  const logs2 = (globalThis as { [api2]?: (version: number) => LoggerProvider })[api2]?.(1);
  return [...new Set([logs, logs2])].filter((provider) => provider !== undefined);
}

/**
 * Registers a provider in the APIs of both lines, where nobody has registered one yet.
 *
 * @param apiVersion the version of the app's own `@opentelemetry/api`. The first who registers
 *   anything there decides on the version, and copies of another one can then register nothing; below
 *   1.10 that API has no logs, and is left alone.
 */
export function setLoggerProvider(provider: LoggerProvider, apiVersion: string | undefined): void {
  const version = apiGlobals().version ?? apiVersion;
  const [, minor] = /^1\.(\d+)\./.exec(version ?? "") ?? [];
  if (version !== undefined && Number(minor) >= 10) registerLogs(provider, version);
  (globalThis as { [api2]?: unknown })[api2] ??= (of: number) => (of === 1 ? provider : undefined);
}

/** Milliseconds since 1970 as the SDK keeps time; a bare number would be taken for uptime when small. */
export function toHrTime(unixMillis: number): HrTime {
  const seconds = Math.floor(unixMillis / 1000);
  return [seconds, Math.round((unixMillis - seconds * 1000) * 1e6)];
}

function emitFailed(cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_EMIT_FAILED", {
    message: "The app's OpenTelemetry logger threw while it took an audit record.",
    why: `A log record processor that is registered beside authlog's failed in onEmit ${errorKind(cause)}.`,
    fix: "Look at the cause, and at the processors of your LoggerProvider.",
    cause,
  });
}

function noSink(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_NO_SINK", {
    message: "An audit event was lost: nothing in this process takes audit records.",
    why: "Neither register() of authlog/instrumentation ran, nor has a LoggerProvider an audit processor; or the provider has been shut down. The edge runtime has neither.",
    fix: 'Put `export { register } from "authlog/instrumentation";` into instrumentation.ts, beside your app folder; shut an SDK of your own down last.',
  });
}

function noProcessor(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_NO_PROCESSOR", {
    message: "The global LoggerProvider has no audit processor; authlog delivers past it.",
    why: "Another OpenTelemetry set-up holds the global, and was not given auditProcessor().",
    fix: 'Add `auditProcessor()` of "authlog/otel" to its logRecordProcessors.',
  });
}
