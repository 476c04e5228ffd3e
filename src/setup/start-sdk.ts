import type { AuditLogRecordProcessor } from "../delivery/audit-log-record-processor.ts";
import { loggerProviders } from "../telemetry/logger.ts";
import { collectorProcessors } from "./collector-processors.ts";
import type { AuthlogConfig } from "./config.ts";
import { loadInstalled } from "./installed-package.ts";
import { listenUntilEnded } from "./processor.ts";

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
 * collector on this machine for ever.
 *
 * @returns whether that package is installed
 */
export function startSdk(processor: AuditLogRecordProcessor, config: AuthlogConfig): boolean {
  const sdk = loadInstalled("@opentelemetry/sdk-node") as SdkNode | undefined;
  if (sdk === undefined) return false;
  new sdk.NodeSDK({
    logRecordProcessors: [processor, ...collectorProcessors(config)],
    // Spans that go nowhere still give each record the id of its trace.
    ...(!config.otel.exportsSpans && { spanProcessors: [ignoreSpans] }),
    ...(!config.otel.exportsMetrics && { metricReaders: [] }),
  }).start();
  // A batch that waits for its delay does not keep the process alive, so that a script can end.
  listenUntilEnded(processor, "beforeExit", () => {
    void Promise.allSettled(loggerProviders().map(async (provider) => provider.forceFlush?.()));
  });
  return true;
}
