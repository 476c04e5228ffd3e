import { context, logs, trace, TraceFlags } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { afterEach, expect, it } from "vitest";
import { emitEvent } from "../../src/capture/emit-event.ts";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { getSlot } from "../../src/slot.ts";
import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { flush } from "../../src/telemetry/flush.ts";
import { createExporter } from "../support/delivery.ts";
import { watchSlot } from "../support/slot.ts";

const watched = watchSlot();

afterEach(() => {
  logs.disable();
  context.disable();
});

const signIn = (): void =>
  emitEvent({
    name: "auth.sign_in",
    timeUnixMillis: 1_700_000_000_123,
    outcome: "success",
    user: { id: "42", email: "alice@example.com" },
    framework: { name: "next-auth", version: "5" },
  });

/** Our processor, in an exporter's place whoever wants to look at what it delivers. */
function create(): { processor: AuditLogRecordProcessor; delivered: ReadableLogRecord[] } {
  const delivered: ReadableLogRecord[] = [];
  const exporter = createExporter();
  const processor = new AuditLogRecordProcessor({
    durability: "memory",
    exporter: {
      ...exporter,
      async deliver(records) {
        delivered.push(...records);
        return { status: "delivered" };
      },
    },
  });
  return { processor, delivered };
}

it("a record carries the active span and the resource, and reaches every exporter of the app", async () => {
  const { processor, delivered } = create();
  const memory = new InMemoryLogRecordExporter();
  const resource = resourceFromAttributes({ "service.name": "shop" });
  const stock = new SimpleLogRecordProcessor({ exporter: memory });
  logs.setGlobalLoggerProvider(new LoggerProvider({ resource, processors: [stock, processor] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const span = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: TraceFlags.SAMPLED };
  context.with(trace.setSpanContext(context.active(), span), signIn);
  await processor.forceFlush();

  const [record] = delivered;
  expect(record?.spanContext).toMatchObject(span);
  expect(record?.resource.attributes["service.name"]).toBe("shop");
  expect(record?.hrTime).toEqual([1_700_000_000, 123_000_000]);
  const [seen] = memory.getFinishedLogRecords();
  expect(seen?.eventName).toBe("auth.sign_in");
  expect(seen?.attributes).toEqual(record?.attributes);
  expect(seen?.hrTime).toEqual(record?.hrTime);
  expect(watched.records).toEqual([]);
  expect(watched.diagnostics).toEqual([]);
});

it("attribute limits and an earlier processor change nothing of what is audited, and it is said", async () => {
  const { processor, delivered } = create();
  const forger = {
    onEmit: (record: { setAttribute(name: string, value: string): unknown }) =>
      void record.setAttribute("user.id", "forged"),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  logs.setGlobalLoggerProvider(
    new LoggerProvider({
      processors: [forger, processor],
      logRecordLimits: { attributeCountLimit: 2, attributeValueLengthLimit: 3 },
    }),
  );
  signIn();
  await processor.forceFlush();
  expect(delivered[0]?.attributes).toMatchObject({
    "user.id": "42",
    "user.email": "alice@example.com",
  });
  expect(delivered[0]?.attributes["log.record.uid"]).toHaveLength(36);
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_RECORD_ALTERED"]);
});

it("where the global provider has no processor of ours, the sink takes the record, and it is said", () => {
  logs.setGlobalLoggerProvider(new LoggerProvider());
  signIn();
  signIn();
  expect(watched.records).toHaveLength(2);
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_NO_PROCESSOR"]);
});

it("with neither a provider nor a sink the loss is said, by the next flush too", async () => {
  getSlot().sink = undefined;
  signIn();
  signIn();
  expect(await flush()).toBe(false);
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_NO_SINK"]);
});

it("an app's processor that throws costs no record", () => {
  logs.setGlobalLoggerProvider(
    new LoggerProvider({
      processors: [
        {
          onEmit: () => {
            throw new Error("broken processor");
          },
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    }),
  );
  expect(signIn).not.toThrow();
  expect(watched.records).toHaveLength(1);
});

it("a record that somebody else emits while ours is on its way is not taken for ours", async () => {
  const { processor, delivered } = create();
  const chatty = {
    onEmit: ({ instrumentationScope }: ReadableLogRecord) => {
      if (instrumentationScope.name === "authlog") {
        logs.getLogger("chatty").emit({ eventName: "auth.sign_in", body: "not ours" });
      }
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [chatty, processor] }));
  signIn();
  await processor.forceFlush();
  expect(delivered.map(({ body, attributes }) => [body, attributes["user.id"]])).toEqual([
    ["not ours", undefined],
    ["alice@example.com signed in", "42"],
  ]);
});
