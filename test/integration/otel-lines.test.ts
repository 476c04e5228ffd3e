import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { emitEvent } from "../../src/capture/emit-event.ts";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { activeSpan } from "../../src/telemetry/api-globals.ts";
import type { LogRecordExporter, ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { flush } from "../../src/telemetry/flush.ts";
import { parseTraceparent } from "../../src/telemetry/traceparent.ts";
import { getSlot } from "../../src/slot.ts";
import { createExporter } from "../support/delivery.ts";
import {
  disableOtel,
  line2,
  line3,
  nothingElse,
  otelLines,
  type Processor,
} from "../support/otel-lines.ts";
import { watchSlot } from "../support/slot.ts";

const watched = watchSlot();

afterEach(disableOtel);

const remote = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1, isRemote: true };

/** A sign-in, of a request that names the span of its caller. */
function signIn(): void {
  const caller = parseTraceparent(`00-${remote.traceId}-${remote.spanId}-01`);
  emitEvent({
    name: "auth.sign_in",
    timeUnixMillis: 1_700_000_000_123,
    outcome: "success",
    user: { id: "42", email: "alice@example.com" },
    framework: { name: "next-auth", version: "5" },
    ...(caller && { request: { caller } }),
  });
}

/** What a processor of the SDK's can do to a record. */
interface Settable {
  setAttribute(name: string, value: string): void;
}

interface Audit {
  processor: AuditLogRecordProcessor;
  /** Flushes first. */
  delivered: () => Promise<ReadableLogRecord[]>;
}

function createAudit(): Audit {
  const records: ReadableLogRecord[] = [];
  const processor = new AuditLogRecordProcessor({
    durability: "memory",
    exporter: {
      ...createExporter(),
      async deliver(batch) {
        records.push(...batch);
        return { status: "delivered" };
      },
    },
  });
  const delivered = async (): Promise<ReadableLogRecord[]> => {
    await processor.forceFlush();
    return records;
  };
  return { processor, delivered };
}

const codes = (): string[] => watched.diagnostics.map(({ code }) => code);

describe.each(otelLines)("$name", ({ api, load, logs, sdkLogs, NodeSDK }) => {
  /** Signs in within a span of the app's. */
  function signInWithinSpan(): { traceId: string; spanId: string } {
    return api.trace.getTracer("app").startActiveSpan("POST /api/auth", (span) => {
      signIn();
      span.end();
      return span.spanContext();
    });
  }

  function memory(): { processor: Processor; records: () => ReadableLogRecord[] } {
    const exporter = new sdkLogs.InMemoryLogRecordExporter();
    return {
      processor: new sdkLogs.SimpleLogRecordProcessor({ exporter }),
      records: () => exporter.getFinishedLogRecords(),
    };
  }

  it("NodeSDK: the record has the active span and the resource, and is what other exporters see", async () => {
    const { processor, delivered } = createAudit();
    const beside = memory();
    const sdk = new NodeSDK({
      serviceName: "shop",
      logRecordProcessors: [beside.processor, processor],
      ...nothingElse,
    });
    sdk.start();
    const span = signInWithinSpan();
    const [record] = await delivered();
    await beside.processor.forceFlush();
    const [seen] = beside.records();
    for (const at of [record, seen]) {
      expect(at).toMatchObject({
        eventName: "auth.sign_in",
        hrTime: [1_700_000_000, 123_000_000],
        severityNumber: 9,
        spanContext: { traceId: span.traceId, spanId: span.spanId },
      });
      expect(at?.resource.attributes["service.name"]).toBe("shop");
    }
    expect(seen?.attributes).toEqual(record?.attributes);
    expect(record?.attributes["authlog.trace.remote"]).toBeUndefined();
    expect(watched).toMatchObject({ records: [], diagnostics: [] });
    await sdk.shutdown();
  });

  it("a bare LoggerProvider: with no span, the trace is the caller's, marked, for everybody", async () => {
    const { processor, delivered } = createAudit();
    const beside = memory();
    logs.setGlobalLoggerProvider(
      new sdkLogs.LoggerProvider({ processors: [beside.processor, processor] }),
    );
    signIn();
    const { traceId, spanId } = remote;
    for (const at of [...(await delivered()), ...beside.records()]) {
      expect(at.spanContext).toMatchObject({ traceId, spanId });
      expect(at.attributes["authlog.trace.remote"]).toBe(true);
    }
    expect(beside.records()).toHaveLength(1);
    expect(codes()).toEqual([]);
  });

  it("somebody else's provider, there before: it stays, and the sink takes the record with its span", () => {
    const beside = memory();
    const sdk = new NodeSDK({ logRecordProcessors: [beside.processor], ...nothingElse });
    sdk.start();
    let active: unknown;
    getSlot().sink = (record) => {
      watched.records.push(record);
      active = activeSpan();
    };
    const span = signInWithinSpan();
    expect(watched.records).toHaveLength(1);
    expect(active).toMatchObject({ traceId: span.traceId, spanId: span.spanId });
    expect(codes()).toEqual(["ERR_AUTHLOG_NO_PROCESSOR"]);
  });

  it("somebody else's provider, registered after: the API keeps ours, and nothing is lost", async () => {
    const { processor, delivered } = createAudit();
    logs.setGlobalLoggerProvider(new sdkLogs.LoggerProvider({ processors: [processor] }));
    logs.setGlobalLoggerProvider(new sdkLogs.LoggerProvider({ processors: [] }));
    signIn();
    expect(await delivered()).toHaveLength(1);
  });

  it("attribute limits and a processor in front change nothing of what is audited, and it is said", async () => {
    const { processor, delivered } = createAudit();
    const forger: Processor = {
      onEmit: (record) => (record as unknown as Settable).setAttribute("user.id", "forged"),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    logs.setGlobalLoggerProvider(
      new sdkLogs.LoggerProvider({
        processors: [forger, processor],
        logRecordLimits: { attributeCountLimit: 3, attributeValueLengthLimit: 3 },
      }),
    );
    signIn();
    const [record] = await delivered();
    expect(record?.attributes).toMatchObject({
      "user.id": "42",
      "user.email": "alice@example.com",
    });
    expect(codes()).toEqual(["ERR_AUTHLOG_RECORD_ALTERED"]);
  });

  it("a shutdown of the SDK delivers what is queued", async () => {
    const { processor, delivered } = createAudit();
    const sdk = new NodeSDK({ logRecordProcessors: [processor], ...nothingElse });
    sdk.start();
    signInWithinSpan();
    await sdk.shutdown();
    expect(await delivered()).toHaveLength(1);
  });

  it("a flush is of the audit log: a stock exporter to a collector that hangs does not make it false", async () => {
    const collector = createServer(() => {}).listen(0, "127.0.0.1");
    await once(collector, "listening");
    const { port } = collector.address() as AddressInfo;
    const { OTLPLogExporter } = load("@opentelemetry/exporter-logs-otlp-proto") as {
      OTLPLogExporter: new (options: object) => LogRecordExporter;
    };
    const exporter = new OTLPLogExporter({
      url: `http://127.0.0.1:${port}/v1/logs`,
      timeoutMillis: 1000,
    });
    const { processor, delivered } = createAudit();
    const provider = new sdkLogs.LoggerProvider({
      processors: [new sdkLogs.BatchLogRecordProcessor({ exporter }), processor],
    });
    logs.setGlobalLoggerProvider(provider);
    signIn();
    expect(await flush({ timeoutMillis: 300 })).toBe(true);
    expect(await delivered()).toHaveLength(1);
    expect(codes()).toEqual(["ERR_AUTHLOG_PROVIDER_NOT_FLUSHED"]);
    collector.closeAllConnections();
    collector.close();
    await provider.shutdown();
  });

  it("what happens after a shutdown of the SDK is lost, and it is said why", async () => {
    getSlot().sink = undefined;
    const sdk = new NodeSDK({ logRecordProcessors: [createAudit().processor], ...nothingElse });
    sdk.start();
    await sdk.shutdown();
    signIn();
    const [{ code, why } = { code: "", why: "" }] = watched.diagnostics;
    expect(code).toBe("ERR_AUTHLOG_NO_SINK");
    expect(why).toContain("the provider has been shut down");
  });
});

it("no SDK at all: the record goes to the sink with the caller's trace, marked", () => {
  signIn();
  expect(watched.records).toMatchObject([
    { remoteSpan: remote, attributes: { "authlog.trace.remote": true } },
  ]);
  expect(codes()).toEqual([]);
});

it("a provider in each line: the record finds the one that has our processor", async () => {
  const { processor, delivered } = createAudit();
  line3.logs.setGlobalLoggerProvider(new line3.sdkLogs.LoggerProvider({ processors: [] }));
  line2.logs.setGlobalLoggerProvider(new line2.sdkLogs.LoggerProvider({ processors: [processor] }));
  signIn();
  expect(await delivered()).toHaveLength(1);
  expect(watched).toMatchObject({ records: [], diagnostics: [] });
});

it("@vercel/otel: the processor beside its own, with the span of the request", async () => {
  // Its own build, on the 2.x line.
  const require = createRequire(
    new URL("../../examples/next-auth-v4/package.json", import.meta.url),
  );
  const { registerOTel } = (await import(require.resolve("@vercel/otel"))) as {
    registerOTel: (options: object) => void;
  };
  const { processor, delivered } = createAudit();
  registerOTel({
    serviceName: "shop",
    logRecordProcessors: [processor],
    spanProcessors: nothingElse.spanProcessors,
    instrumentations: [],
  });
  const span = line2.api.trace.getTracer("app").startActiveSpan("POST", (active) => {
    signIn();
    active.end();
    return active.spanContext();
  });
  const [record] = await delivered();
  expect(record?.spanContext?.traceId).toBe(span.traceId);
  expect(record?.resource.attributes["service.name"]).toBe("shop");
  expect(codes()).toEqual([]);
});
