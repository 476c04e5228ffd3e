import { join } from "node:path";
import { AuthlogError } from "../errors.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { LogRecordExporter } from "../telemetry/exporter.ts";
import type { AuthlogConfig } from "./config.ts";
import type { LogExporterName } from "./otel-variables.ts";

/** A processor of OpenTelemetry's. What it is made of is its own. */
type LogRecordProcessor = object;

/** The part of `@opentelemetry/sdk-logs`, of either line, that setup meets. */
interface SdkLogs {
  BatchLogRecordProcessor: new (batch: object, options: object) => LogRecordProcessor;
  SimpleLogRecordProcessor: new (options: object) => LogRecordProcessor;
  ConsoleLogRecordExporter: new () => LogRecordExporter;
}

interface OtlpExporter {
  OTLPLogExporter: new () => LogRecordExporter;
}

/**
 * The processors that `sdk-node` would make from OpenTelemetry's variables. It makes none as soon as
 * it is given one, so that the audit processor would keep the records from the app's collector.
 */
export function collectorProcessors(config: AuthlogConfig): readonly LogRecordProcessor[] {
  const { logExporters } = config.otel;
  if (logExporters.length === 0) return [];
  try {
    const load = loaderOfSdk();
    const sdk = load("@opentelemetry/sdk-logs") as SdkLogs;
    return logExporters.map((name) => createProcessor(name, sdk, load, config));
  } catch (cause) {
    report(notLoaded(cause));
    return [];
  }
}

function createProcessor(
  name: LogExporterName,
  sdk: SdkLogs,
  load: Load,
  { batch }: AuthlogConfig,
): LogRecordProcessor {
  if (name === "console") {
    return new sdk.SimpleLogRecordProcessor(asBoth(new sdk.ConsoleLogRecordExporter(), {}));
  }
  const { OTLPLogExporter } = load(name) as OtlpExporter;
  const options = {
    maxQueueSize: batch.maxQueueSize.value,
    maxExportBatchSize: batch.maxExportBatchSize.value,
    scheduledDelayMillis: batch.scheduledDelayMillis.value,
    exportTimeoutMillis: batch.exportTimeoutMillis.value,
  };
  return new sdk.BatchLogRecordProcessor(asBoth(new OTLPLogExporter(), options), options);
}

/**
 * Until 0.219 a processor takes an exporter, and then options; since 0.220 one object with both. This
 * is an exporter and such an object.
 */
function asBoth(exporter: LogRecordExporter, options: object): object {
  return {
    ...options,
    exporter,
    export: exporter.export.bind(exporter),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

type Load = (name: string) => unknown;

/**
 * Loads packages as `sdk-node` sees them: it brings the exporters, but an app whose packages are
 * not hoisted does not see them. Kept from the bundlers, which would look for all of them.
 */
function loaderOfSdk(): Load {
  const { createRequire } = process.getBuiltinModule("node:module");
  const places = [join(process.cwd(), "package.json"), import.meta.url];
  for (const place of places) {
    try {
      return createRequire(createRequire(place).resolve("@opentelemetry/sdk-node"));
    } catch {
      // Not here.
    }
  }
  throw new Error("@opentelemetry/sdk-node is in no folder above the app's.");
}

function notLoaded(cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_SETUP_FAILED", {
    message: "Audit records go to the audit log alone, not to the collector.",
    why: `OpenTelemetry's exporter could not be loaded: ${cause instanceof Error ? cause.message : ""}`,
    fix: "Start an SDK of your own with auditProcessor() beside your exporter, as the README shows.",
    cause,
  });
}
