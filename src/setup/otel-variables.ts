/** What OpenTelemetry's own variables say of the places that telemetry goes to. */
export interface OtelDestinations {
  /** Whether the SDK is switched off: then nothing of OpenTelemetry is set up, and events go past it. */
  readonly disabled: boolean;
  /** Whether they name a place for anything, and the SDK is not switched off. */
  readonly namesDestination: boolean;
  /** Whether they name a place for spans. */
  readonly exportsSpans: boolean;
  /** Whether they name a place for metrics. */
  readonly exportsMetrics: boolean;
  /** Where log records go beside the audit log. */
  readonly logExporters: readonly LogExporterName[];
}

/** The packages of OpenTelemetry's exporters, and the console. */
export type LogExporterName =
  | "console"
  | "@opentelemetry/exporter-logs-otlp-grpc"
  | "@opentelemetry/exporter-logs-otlp-http"
  | "@opentelemetry/exporter-logs-otlp-proto";

/**
 * Reads them as `sdk-node` does, with one difference: where none names a place, there is none. The
 * SDK's default would knock at a collector on this machine for ever.
 */
export function readOtelVariables(
  env: Readonly<Record<string, string | undefined>>,
): OtelDestinations {
  const exportersOf = (signal: "TRACES" | "METRICS" | "LOGS"): readonly string[] => {
    const isNamed =
      env["OTEL_EXPORTER_OTLP_ENDPOINT"] || env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
    const text = env[`OTEL_${signal}_EXPORTER`] || (isNamed ? "otlp" : "none");
    const names = text.split(",").flatMap((name) => name.trim() || []);
    return names.includes("none") ? [] : names;
  };
  const disabled = env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true";
  const [traces, metrics, logs] = [
    exportersOf("TRACES"),
    exportersOf("METRICS"),
    exportersOf("LOGS"),
  ];
  return {
    disabled,
    namesDestination: !disabled && [...traces, ...metrics, ...logs].length > 0,
    exportsSpans: traces.length > 0,
    exportsMetrics: metrics.length > 0,
    logExporters: logs.flatMap((name) => {
      if (name === "console") return [name];
      return name === "otlp" ? [otlpPackage(env)] : [];
    }),
  };
}

function otlpPackage(env: Readonly<Record<string, string | undefined>>): LogExporterName {
  const protocol = env["OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"] || env["OTEL_EXPORTER_OTLP_PROTOCOL"];
  switch (protocol?.trim() ?? "") {
    case "grpc":
      return "@opentelemetry/exporter-logs-otlp-grpc";
    case "http/json":
      return "@opentelemetry/exporter-logs-otlp-http";
    default:
      return "@opentelemetry/exporter-logs-otlp-proto";
  }
}
