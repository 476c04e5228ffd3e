import { json } from "node:stream/consumers";
import { loopbackServer } from "./loopback-server.ts";
import { until } from "./until.ts";

export interface SpanReceiver extends AsyncDisposable {
  /** What an app is told, to export its spans to here. */
  settings: Readonly<Record<string, string>>;
  /**
   * Waits until the app has exported a span and those above it.
   *
   * @returns the span of the request
   */
  requestSpan(traceId: string, spanId: unknown): Promise<Span>;
}

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 2 is SERVER. */
  kind: number;
}

interface ExportedTraces {
  resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
}

/** Takes OTLP over HTTP as JSON, as a collector would. */
export async function spanReceiver(): Promise<SpanReceiver> {
  const spans: Span[] = [];
  const server = await loopbackServer(async (request, response) => {
    const { resourceSpans } = (await json(request)) as ExportedTraces;
    spans.push(...resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans)));
    response.setHeader("content-type", "application/json").end("{}");
  });
  return {
    settings: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${server.url}/v1/traces`,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_METRICS_EXPORTER: "none",
    },
    requestSpan: (traceId, spanId) =>
      until(`span ${String(spanId)} of trace ${traceId}`, () => {
        const inTrace = new Map(
          spans.filter((span) => span.traceId === traceId).map((span) => [span.spanId, span]),
        );
        let span = inTrace.get(String(spanId));
        while (span !== undefined && span.kind !== 2) span = inTrace.get(span.parentSpanId ?? "");
        return span;
      }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
