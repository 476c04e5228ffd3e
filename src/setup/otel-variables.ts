/** What OpenTelemetry's own variables say of the places that telemetry goes to. */
export interface OtelDestinations {
  /** Whether they name a place for spans. */
  readonly exportsSpans: boolean;
  /** Where log records go beside the audit log. */
  readonly logExporters: readonly LogExporterName[];
}

/** The packages of OpenTelemetry's exporters, and the console. */
export type LogExporterName =
  | "console"
  | "@opentelemetry/exporter-logs-otlp-grpc"
  | "@opentelemetry/exporter-logs-otlp-http"
  | "@opentelemetry/exporter-logs-otlp-proto";

const spanVariables = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_TRACES_EXPORTER",
  "OTEL_CONFIG_FILE",
] as const;

const logEndpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] as const;

/**
 * Reads them as `sdk-node` does, with one difference: where none names a place, there is none. The
 * SDK's default would knock at a collector on this machine for ever.
 */
export function readOtelVariables(
  env: Readonly<Record<string, string | undefined>>,
): OtelDestinations {
  const named = (variables: readonly string[]): boolean => variables.some((name) => env[name]);
  const exporters = env["OTEL_LOGS_EXPORTER"] || (named(logEndpoints) ? "otlp" : "none");
  const names = exporters.split(",").map((name) => name.trim());
  return {
    exportsSpans: named(spanVariables),
    logExporters: names.includes("none")
      ? []
      : names.flatMap((name) => {
          if (name === "console") return [name];
          return name === "otlp" ? [otlpPackage(env)] : [];
        }),
  };
}

function otlpPackage(env: Readonly<Record<string, string | undefined>>): LogExporterName {
  const protocol = env["OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"] || env["OTEL_EXPORTER_OTLP_PROTOCOL"];
  switch (protocol?.trim()) {
    case "grpc":
      return "@opentelemetry/exporter-logs-otlp-grpc";
    case "http/json":
      return "@opentelemetry/exporter-logs-otlp-http";
    default:
      return "@opentelemetry/exporter-logs-otlp-proto";
  }
}
