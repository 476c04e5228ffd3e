import { AuthlogError } from "../errors.ts";
import { type AuthLogRecord, getSlot } from "../slot.ts";
import type { AuditLogRecordProcessor } from "../delivery/audit-log-record-processor.ts";
import type { RunningLedger } from "../ledger-server/start-ledger.ts";
import { activeSpan } from "../telemetry/api-globals.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { DeliveringExporter } from "../telemetry/exporter.ts";
import { loggerProviders } from "../telemetry/logger.ts";
import { installCaptureSettings } from "./capture-settings.ts";
import type { AuthlogOptions } from "./authlog-options.ts";
import { type AuthlogConfig, resolveConfig } from "./config.ts";
import { ledgerExporter } from "./ledger-exporter.ts";
import { createProcessor, exporterTo, pangeaExporter } from "./processor.ts";
import { reportProblems } from "./report-problems.ts";
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
  reportProblems(config.problems);
  slot.enabled = config.enabled.value;
  if (!slot.enabled) return;
  installCaptureSettings(config);
  const processor = createProcessor(config, await findExporter(config));
  slot.sink = (record) => takeDirectly(processor, record);
  // Whoever holds the global keeps it; the sink then gets what its processors leave.
  if (loggerProviders().length === 0) await startSdk(processor, config);
}

/** To Pangea, or whatever speaks its API, where there is a token; else to the ledger, outside production. */
async function findExporter(config: AuthlogConfig): Promise<DeliveringExporter> {
  const { token, schema, ledgerPath, ledgerPort, production } = config;
  if (token.value !== undefined || production) return pangeaExporter(config);
  const start = async (): Promise<RunningLedger> => {
    // Kept from the bundlers, which would have to pack SQLite and a worker: Node resolves it itself,
    // from the app's own folder.
    const { startLedger } = await import(
      /* webpackIgnore: true */ /* turbopackIgnore: true */ "authlog/ledger"
    );
    return startLedger({
      schema: schema.value,
      ...(ledgerPath.value !== undefined && { path: ledgerPath.value }),
      ...(ledgerPort.value !== undefined && { port: ledgerPort.value }),
    });
  };
  const exporter = ledgerExporter(start, ({ token: own, url }) =>
    exporterTo(config, { token: own, baseUrlTemplate: url }),
  );
  // Started now, so that what keeps it from starting is said now; deliveries try again.
  await exporter.ready().catch((cause: unknown) => report(setupFailed(cause)));
  return exporter;
}

/** The way of a record where no provider has our processor: the active span is the caller's. */
function takeDirectly(processor: AuditLogRecordProcessor, record: AuthLogRecord): void {
  processor.take(record, activeSpan());
}

function setupFailed(cause: unknown): AuthlogError {
  return AuthlogError.is(cause)
    ? cause
    : new AuthlogError("ERR_AUTHLOG_SETUP_FAILED", {
        message: "authlog could not be set up; audit events are not delivered.",
        why: cause instanceof Error ? cause.message : "Something that is no error was thrown.",
        fix: "Look at the cause. The app itself goes on.",
        cause,
      });
}
