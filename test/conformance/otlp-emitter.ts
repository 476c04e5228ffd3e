import { emitEvent } from "../../src/capture/emit-event.ts";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import type { LogRecordExporter } from "../../src/telemetry/exporter.ts";
import { type OtelLine, otelLines } from "../support/otel-lines.ts";

/** A stock exporter of one line, for one of OTLP's encodings. */
export function stockExporter({ load }: OtelLine, name: string, url: string): LogRecordExporter {
  const { OTLPLogExporter } = load(name) as {
    OTLPLogExporter: new (options: object) => LogRecordExporter;
  };
  return new OTLPLogExporter({ url, timeoutMillis: 2000 });
}

/** The processor in front of it: it takes what the app emits itself, too. */
export function processorTo(exporter: LogRecordExporter, dir?: string): AuditLogRecordProcessor {
  return new AuditLogRecordProcessor({
    exporter,
    includes: () => true,
    scheduledDelayMillis: 20,
    retry: { maxBackoffMillis: 100 },
    ...(dir === undefined ? { durability: "memory" } : { journal: { dir } }),
  });
}

/** What the app emits beside: a value of each kind that an attribute can have. */
export const values = {
  text: "ordered",
  yes: true,
  whole: 42,
  half: 0.5,
  bytes: new Uint8Array([0, 127, 255]),
  list: ["a", "b"],
  nested: { deep: [1, { deeper: false }] },
};

/** Emits a sign-in, and an order of the app's own with two attributes more than the SDK takes. */
export function emitBoth(
  { logs, sdkLogs, api, load }: OtelLine,
  processor: object,
  attributes: object,
): void {
  const resources = load("@opentelemetry/resources") as {
    resourceFromAttributes(attributes: object, options: object): object;
  };
  const resource = resources.resourceFromAttributes(
    { "service.name": "shop" },
    { schemaUrl: "https://example.com/schema" },
  );
  const logRecordLimits = { attributeCountLimit: 24 };
  logs.setGlobalLoggerProvider(
    new sdkLogs.LoggerProvider({ resource, logRecordLimits, processors: [processor] }),
  );
  emitEvent({
    name: "auth.sign_in",
    timeUnixMillis: 1_700_000_000_123,
    outcome: "success",
    user: { id: "42", isNew: true },
    framework: { name: "next-auth", version: "5" },
  });
  const filler = Array.from({ length: 26 }, (_, n) => [`filler.${n}`, n] as const);
  const all = [...Object.entries(attributes), ...filler].slice(0, 26);
  logs.getLogger("app").emit({
    eventName: "app.order",
    timestamp: [1_700_000_001, 5],
    observedTimestamp: [1_700_000_002, 7],
    severityNumber: 13,
    severityText: "WARN",
    body: { what: "an order", lines: [1, 2] },
    attributes: Object.fromEntries(all),
    context: api.trace.setSpanContext(api.ROOT_CONTEXT, {
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      traceFlags: 1,
    }),
  });
}

/** As a process of its own: emits to a receiver that is not there, and is killed. */
const [, , name, exporter = "", dir] = process.argv;
const line = otelLines.find((other) => other.name === name);
if (line !== undefined && dir !== undefined) {
  const processor = processorTo(stockExporter(line, exporter, "http://127.0.0.1:9/"), dir);
  emitBoth(line, processor, { ...values, nan: NaN });
  process.kill(process.pid, "SIGKILL");
}
