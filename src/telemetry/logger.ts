import { AuthlogError } from "../errors.ts";
import { type AuthLogRecord, type Emission, getSlot } from "../slot.ts";
import { scopeName } from "../vocabulary.ts";
import { report } from "./diagnostics.ts";
import type { HrTime } from "./exporter.ts";

/** What both API lines call a log record on its way in. */
interface ApiLogRecord extends Omit<AuthLogRecord, "timeUnixMillis"> {
  timestamp: HrTime;
}

interface LoggerProvider {
  getLogger(name: string): { emit(record: ApiLogRecord): void };
}

/**
 * The global of `@opentelemetry/api` 1.10, where the 3.x line keeps its provider of loggers, and the
 * one of `@opentelemetry/api-logs`, where the 2.x line does: a function of the API's version. The two
 * do not know each other, and emitting to the wrong one is a silent no-op.
 */
const api3 = Symbol.for("opentelemetry.js.api.1");
const api2 = Symbol.for("io.opentelemetry.js.api.logs");

/**
 * Emits a record to the app's provider of either OpenTelemetry line. Where no processor of ours took
 * it, the fallback sink gets it; where there is none either, the loss is counted and said. Never
 * throws.
 */
export function emit(record: AuthLogRecord): void {
  const slot = getSlot();
  const emission: Emission = { record, taken: false };
  const outer = slot.emitting;
  slot.emitting = emission;
  const provider = loggerProvider();
  try {
    const { timeUnixMillis, ...rest } = record;
    provider?.getLogger(scopeName).emit({ ...rest, timestamp: toHrTime(timeUnixMillis) });
  } catch (cause) {
    report(emitFailed(cause));
  } finally {
    slot.emitting = outer;
  }
  if (emission.taken) return;
  if (slot.sink === undefined) {
    slot.lost += 1;
    report(noSink());
    return;
  }
  slot.sink(record);
  if (provider !== undefined) report(noProcessor());
}

/** Whether somebody has registered a LoggerProvider, in the API of either line. */
export function hasLoggerProvider(): boolean {
  return loggerProvider() !== undefined;
}

/** Looked up at each emit: a provider may be registered, or replaced, at any time. */
function loggerProvider(): LoggerProvider | undefined {
  const globals = globalThis as {
    [api3]?: { logs?: LoggerProvider };
    [api2]?: (version: number) => LoggerProvider | undefined;
  };
  return globals[api3]?.logs ?? globals[api2]?.(1);
}

/** Milliseconds since 1970 as the SDK keeps time; a bare number would be taken for uptime when small. */
export function toHrTime(unixMillis: number): HrTime {
  const seconds = Math.floor(unixMillis / 1000);
  return [seconds, Math.round((unixMillis - seconds * 1000) * 1e6)];
}

function emitFailed(cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_EMIT_FAILED", {
    message: "The app's OpenTelemetry logger threw while it took an audit record.",
    why: "A log record processor that is registered beside authlog's failed in onEmit.",
    fix: "Look at the cause, and at the processors of your LoggerProvider.",
    cause,
  });
}

function noSink(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_NO_SINK", {
    message: "An audit event was lost: nothing in this process takes audit records.",
    why: "Neither register() of authlog/instrumentation ran, nor has a LoggerProvider an audit processor. The edge runtime has neither.",
    fix: 'Put `export { register } from "authlog/instrumentation";` into instrumentation.ts, beside your app folder.',
  });
}

function noProcessor(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_NO_PROCESSOR", {
    message: "The global LoggerProvider has no audit processor; authlog delivers past it.",
    why: "Another OpenTelemetry set-up holds the global, and was not given auditProcessor().",
    fix: 'Add `auditProcessor()` of "authlog/otel" to its logRecordProcessors.',
  });
}
