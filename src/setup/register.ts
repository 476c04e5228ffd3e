import type { AuditLogRecordProcessor } from "../delivery/audit-log-record-processor.ts";
import { AuthlogError } from "../errors.ts";
import { causeText } from "../files/system-reason.ts";
import { type AuthLogRecord, getSlot, noteActivity, type SeenActivity } from "../slot.ts";
import { activeSpan } from "../telemetry/api-globals.ts";
import { report } from "../telemetry/diagnostics.ts";
import { loggerProviders } from "../telemetry/logger.ts";
import type { AuthlogOptions } from "./authlog-options.ts";
import { installCaptureSettings } from "./capture-settings.ts";
import { type AuthlogConfig, resolveConfig } from "./config.ts";
import { createLoggerProvider, registerLoggerProvider } from "./logger-provider.ts";
import { openProcessor } from "./processor.ts";
import { reportProblems, setupFailed } from "./report-problems.ts";
import { startSdk } from "./start-sdk.ts";

/**
 * Sets authlog up in a Node process, once: a second call, by hot reload or by another copy of the
 * package, gets the first one's promise. Never rejects: what goes wrong is said, and the app goes on.
 */
export function registerNode(options: AuthlogOptions = {}): Promise<void> {
  const slot = getSlot();
  slot.setup ??= setUp(options).catch((cause: unknown) => {
    // Where nothing takes records yet, the next call tries again.
    if (slot.sink === undefined) slot.setup = undefined;
    report(setupFailed(cause));
  });
  return slot.setup;
}

async function setUp(options: AuthlogOptions): Promise<void> {
  const slot = getSlot();
  const config = resolveConfig(options);
  if (config.building) return;
  reportProblems(config.problems);
  slot.enabled = config.enabled.value;
  if (!slot.enabled) return;
  installCaptureSettings(config);
  const processor = openProcessor(config, "register");
  slot.sink = (record) => takeDirectly(processor, record);
  noteActivity({ provider: setUpProvider(processor, config) });
}

/** A provider that is registered stays; the sink then gets what its processors leave. */
function setUpProvider(
  processor: AuditLogRecordProcessor,
  config: AuthlogConfig,
): NonNullable<SeenActivity["provider"]> {
  if (loggerProviders().length > 0) return "app";
  if (config.tracing.value) {
    try {
      if (startSdk(processor, config)) return "sdk-node";
      report(noSdk());
    } catch (cause) {
      report(sdkFailed(cause));
    }
  }
  // Switched off, the SDK takes nothing of the app's either.
  if (config.otel.disabled) return "none";
  registerLoggerProvider(createLoggerProvider(processor, config.resource.value));
  return "authlog";
}

/** The way of a record where no provider has our processor: the active span is the caller's. */
function takeDirectly(processor: AuditLogRecordProcessor, record: AuthLogRecord): void {
  processor.take(record, activeSpan());
}

function sdkFailed(cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_SETUP_FAILED", {
    message: "No span and no record goes to your collector; the audit log has every event.",
    why: `@opentelemetry/sdk-node could not be started. ${causeText(cause)}`,
    fix: "Correct what the cause names; or set AUTHLOG_TRACING=false.",
    cause,
  });
}

function noSdk(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_SETUP_FAILED", {
    message: "No span and no record goes to your collector; the audit log has every event.",
    why: 'AUTHLOG_TRACING, `tracing` or an OTEL_* variable asks for an OpenTelemetry SDK, and @opentelemetry/sdk-node is not found. Next.js leaves it out of `output: "standalone"`, since no code of the app imports it.',
    fix: 'Run `npm install @opentelemetry/sdk-node`, and with `output: "standalone"` start it in your own instrumentation.node.ts, as the README\'s recipe for NodeSDK shows; or set AUTHLOG_TRACING=false.',
  });
}
