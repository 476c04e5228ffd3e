import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emitEvent } from "../../src/capture/emit-event.ts";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { PangeaLogRecordExporter } from "../../src/pangea/pangea-log-record-exporter.ts";
import type { LogRecordExporter } from "../../src/telemetry/exporter.ts";
import { collectorProgram, startCollector } from "../support/collector.ts";
import { disableOtel, nothingElse, otelLines } from "../support/otel-lines.ts";
import { watchSlot } from "../support/slot.ts";
import { readTrail } from "../support/trail.ts";

const watched = watchSlot();

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "authlog-collector-"));
});

afterEach(async () => {
  disableOtel();
  await rm(folder, { recursive: true });
});

/** What a record is made of, the same wherever it arrives. */
function signInTwice(): void {
  const common = {
    name: "auth.sign_in",
    timeUnixMillis: 1_700_000_000_123,
    framework: { name: "next-auth", version: "5" },
    provider: { id: "credentials", type: "credentials" },
    request: {
      clientAddress: "192.0.2.7",
      clientAddressVerified: false,
      userAgent: `\u{1b}[31m${"x".repeat(5000)}`,
    },
  } as const;
  emitEvent({ ...common, outcome: "success", user: { id: "42", email: "alice@example.com" } });
  emitEvent({
    ...common,
    outcome: "failure",
    reason: "invalid_credentials",
    attemptedIdentifier: { pseudonym: "p1:abc" },
  });
}

const protocols = [
  ["HTTP/protobuf", "@opentelemetry/exporter-logs-otlp-proto"],
  ["HTTP/JSON", "@opentelemetry/exporter-logs-otlp-http"],
] as const;

describe.skipIf(collectorProgram === undefined).each(otelLines)(
  "$name, beside an OTLP exporter to a real collector",
  ({ api, load, sdkLogs, NodeSDK }) => {
    const limits = { timeout: 20_000 };
    it.each(protocols)("over %s, it receives what the ledger holds", limits, async (_, name) => {
      await using collector = await startCollector(collectorProgram ?? "");
      const ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0 });
      const { OTLPLogExporter } = load(name) as {
        OTLPLogExporter: new (options: object) => LogRecordExporter;
      };
      const sdk = new NodeSDK({
        serviceName: "shop",
        logRecordProcessors: [
          new AuditLogRecordProcessor({
            durability: "memory",
            exporter: new PangeaLogRecordExporter({
              token: ledger.token,
              baseUrlTemplate: ledger.url,
            }),
          }),
          new sdkLogs.BatchLogRecordProcessor({
            exporter: new OTLPLogExporter({ url: `${collector.url}/v1/logs` }),
          }),
        ],
        ...nothingElse,
      });
      sdk.start();
      const { traceId, spanId } = api.trace.getTracer("app").startActiveSpan("POST", (span) => {
        signInTwice();
        span.end();
        return span.spanContext();
      });
      await sdk.shutdown();
      const trail = await readTrail(ledger);
      await ledger.close();
      const records = await collector.records(2);

      expect(records.map(({ eventName }) => eventName)).toEqual(trail.map(({ action }) => action));
      expect(records.map(({ attributes }) => attributes)).toEqual(
        trail.map(({ details }) => attributesOf(details)),
      );
      for (const [index, record] of records.entries()) {
        expect(record).toMatchObject({
          traceId,
          spanId,
          timeUnixNano: 1_700_000_000_123_000_000n,
          resource: { "service.name": "shop" },
          scope: "authlog",
        });
        expect(trail[index]?.details).toMatchObject({ trace_id: traceId, span_id: spanId });
      }
      expect(records[0]?.attributes["authlog.truncated"]).toEqual(["user_agent.original"]);
      expect(watched).toMatchObject({ records: [], diagnostics: [] });
    });
  },
);

/** What stands in the ledger beside the attributes: names without a dot, and those of the service. */
function attributesOf(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).filter(([name]) => name.includes(".") && !name.startsWith("service.")),
  );
}
