import type { AuditLogRecordProcessor } from "../delivery/audit-log-record-processor.ts";
import { AuthlogError } from "../errors.ts";
import { report } from "../telemetry/diagnostics.ts";
import { loggerProviders } from "../telemetry/logger.ts";
import { collectorProcessors } from "./collector-processors.ts";
import type { AuthlogConfig } from "./config.ts";
import { loadInstalled } from "./installed-package.ts";

/** A processor of spans that keeps none. */
const ignoreSpans = {
  onStart: (): void => {},
  onEnd: (): void => {},
  forceFlush: (): Promise<void> => Promise.resolve(),
  shutdown: (): Promise<void> => Promise.resolve(),
};

/** The part of `@opentelemetry/sdk-node`, of either line, that setup meets. */
interface SdkNode {
  NodeSDK: new (configuration: object) => { start(): void };
}

/**
 * Starts the app's own `@opentelemetry/sdk-node`, of either line, with our processor; records also go
 * where the standard variables say, and so do spans, or nowhere if they name no place: the SDK's default would knock at a
 * collector on this machine for ever. Without that package nothing is started, and records take the
 * direct way.
 */
export async function startSdk(
  processor: AuditLogRecordProcessor,
  config: AuthlogConfig,
): Promise<void> {
  const sdk = loadInstalled("@opentelemetry/sdk-node") as SdkNode | undefined;
  if (sdk === undefined) {
    const { exportsSpans, exportsMetrics, logExporters } = config.otel;
    if (exportsSpans || exportsMetrics || logExporters.length > 0) report(sdkMissing());
    return;
  }
  new sdk.NodeSDK({
    logRecordProcessors: [processor, ...collectorProcessors(config)],
    // Spans that go nowhere still give each record the id of its trace.
    ...(!config.otel.exportsSpans && { spanProcessors: [ignoreSpans] }),
    ...(!config.otel.exportsMetrics && { metricReaders: [] }),
  }).start();
  // A batch that waits for its delay does not keep the process alive, so that a script can end.
  process.once("beforeExit", () => {
    void Promise.allSettled(loggerProviders().map(async (provider) => provider.forceFlush?.()));
  });
}

function sdkMissing(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_SETUP_FAILED", {
    message: "No telemetry is exported: @opentelemetry/sdk-node is not there to do it.",
    why: 'OTEL_EXPORTER_OTLP_ENDPOINT, or another OTEL_* variable, names a destination. Next.js leaves the package out of `output: "standalone"`, since only authlog loads it.',
    fix: 'Install @opentelemetry/sdk-node; with `output: "standalone"`, start it in your own instrumentation.node.ts, as the README\'s recipe for NodeSDK shows. The audit log itself gets every event.',
  });
}
