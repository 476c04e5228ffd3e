import { createRequire } from "node:module";
import type { LogRecordExporter, ReadableLogRecord } from "../../src/telemetry/exporter.ts";

type Require = (name: string) => unknown;

interface SpanContext {
  traceId: string;
  spanId: string;
}

interface Switch {
  disable(): void;
}

/** A processor as either line takes it. */
export interface Processor {
  onEmit(record: ReadableLogRecord): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

interface Provider {
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

interface Batch {
  exporter: LogRecordExporter;
  maxQueueSize?: number;
  maxExportBatchSize?: number;
  scheduledDelayMillis?: number;
  exportTimeoutMillis?: number;
}

interface Api {
  trace: Switch & {
    setSpanContext(context: object, span: SpanContext & { traceFlags: number }): object;
    getTracer(name: string): {
      startActiveSpan<T>(
        name: string,
        run: (span: { spanContext(): SpanContext; end(): void }) => T,
      ): T;
    };
    setGlobalTracerProvider(provider: object): boolean;
    setSpanContext(context: object, span: SpanContext): object;
  };
  ROOT_CONTEXT: object;
  context: Switch;
  metrics: Switch & { setGlobalMeterProvider(provider: unknown): boolean };
}

interface LogsApi extends Switch {
  setGlobalLoggerProvider(provider: Provider): unknown;
  getLogger(
    name: string,
    version?: string,
    options?: { schemaUrl?: string },
  ): { emit(record: object): void };
}

interface SdkLogs {
  LoggerProvider: new (options: object) => Provider & Pick<LogsApi, "getLogger">;
  BatchLogRecordProcessor: new (options: Batch) => Processor;
  SimpleLogRecordProcessor: new (options: { exporter: LogRecordExporter }) => Processor;
  InMemoryLogRecordExporter: new () => LogRecordExporter & {
    getFinishedLogRecords(): ReadableLogRecord[];
  };
}

interface SdkMetrics {
  MeterProvider: new (options: { readers: object[] }) => { shutdown(): Promise<void> };
  PeriodicExportingMetricReader: new (
    options: object,
  ) => object & { collect(): Promise<Collected> };
}

/** What a reader of metrics collects. */
export interface Collected {
  resourceMetrics: {
    scopeMetrics: {
      metrics: {
        descriptor: { name: string; unit: string };
        dataPoints: { attributes: Record<string, string>; value: unknown }[];
      }[];
    }[];
  };
}

/** One line of OpenTelemetry's packages, as `sdk-node` of that line sees them. */
export interface OtelLine {
  name: string;
  load: Require;
  api: Api;
  logs: LogsApi;
  sdkLogs: SdkLogs;
  sdkMetrics: SdkMetrics;
  NodeSDK: new (options: object) => { start(): void; shutdown(): Promise<void> };
}

/** Span processors and readers of an SDK that exports nothing by itself. */
export const nothingElse = {
  spanProcessors: [
    {
      onStart: (): void => {},
      onEnd: (): void => {},
      forceFlush: (): Promise<void> => Promise.resolve(),
      shutdown: (): Promise<void> => Promise.resolve(),
    },
  ],
  metricReaders: [],
};

function openLine(name: string, folder: string): OtelLine {
  const app = createRequire(new URL(`../../${folder}package.json`, import.meta.url));
  const load = createRequire(app.resolve("@opentelemetry/sdk-node"));
  const api = load("@opentelemetry/api") as Api & { logs?: LogsApi };
  return {
    name,
    load,
    api,
    // The 3.x line has logs in the API itself.
    logs: api.logs ?? (load("@opentelemetry/api-logs") as { logs: LogsApi }).logs,
    sdkLogs: load("@opentelemetry/sdk-logs") as SdkLogs,
    sdkMetrics: load("@opentelemetry/sdk-metrics") as SdkMetrics,
    NodeSDK: (load("@opentelemetry/sdk-node") as Pick<OtelLine, "NodeSDK">).NodeSDK,
  };
}

export const line3: OtelLine = openLine("OpenTelemetry 3.x", "");
export const line2: OtelLine = openLine("OpenTelemetry 2.x", "examples/next-auth-v4/");
export const otelLines: readonly OtelLine[] = [line3, line2];

/** Takes back all that was registered, also the version of the API that came first. */
export function disableOtel(): void {
  for (const { api, logs } of otelLines) {
    for (const part of [api.trace, api.context, api.metrics, logs]) part.disable();
  }
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("opentelemetry.js.api.1")];
}
