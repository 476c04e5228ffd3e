import { expect, it } from "vitest";
import { readOtelVariables } from "../../../src/setup/otel-variables.ts";

const proto = "@opentelemetry/exporter-logs-otlp-proto";
const http = "@opentelemetry/exporter-logs-otlp-http";
const grpc = "@opentelemetry/exporter-logs-otlp-grpc";
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

it.each([
  ["no variable", {}, []],
  ["an endpoint", endpoint, [proto]],
  ["an endpoint of logs", { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://c/v1/logs" }, [proto]],
  ["an endpoint of spans", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c/v1/traces" }, []],
  ["a protocol", { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }, [http]],
  ["one of logs alone", { ...endpoint, OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "grpc" }, [grpc]],
  ["an exporter", { OTEL_LOGS_EXPORTER: "otlp" }, [proto]],
  ["two of them", { OTEL_LOGS_EXPORTER: "console, otlp" }, ["console", proto]],
  ["none", { ...endpoint, OTEL_LOGS_EXPORTER: "none" }, []],
  ["one that nobody knows", { ...endpoint, OTEL_LOGS_EXPORTER: "zipkin" }, []],
  ["an empty one", { ...endpoint, OTEL_LOGS_EXPORTER: "" }, [proto]],
])("with %s, records also go where it says", (_, env, exporters) => {
  expect(readOtelVariables(env).logExporters).toEqual(exporters);
});

it.each([
  ["no variable", {}, [false, false]],
  ["an endpoint", endpoint, [true, true]],
  ["an endpoint of spans", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c" }, [true, false]],
  ["exporters", { OTEL_TRACES_EXPORTER: "console", OTEL_METRICS_EXPORTER: "otlp" }, [true, true]],
  ["a list of nothing", { OTEL_TRACES_EXPORTER: " , " }, [false, false]],
  ["none for spans", { ...endpoint, OTEL_TRACES_EXPORTER: "none" }, [false, true]],
])("with %s, the SDK's own default does not knock where nobody listens", (_, env, exported) => {
  const { exportsSpans, exportsMetrics } = readOtelVariables(env);
  expect([exportsSpans, exportsMetrics]).toEqual(exported);
});
