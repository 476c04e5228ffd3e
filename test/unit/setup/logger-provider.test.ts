import { afterEach, describe, expect, it } from "vitest";
import {
  createLoggerProvider,
  registerLoggerProvider,
} from "../../../src/setup/logger-provider.ts";
import type { ReadableLogRecord } from "../../../src/telemetry/exporter.ts";
import { apiGlobals } from "../../../src/telemetry/api-globals.ts";
import { setLoggerProvider } from "../../../src/telemetry/logger.ts";
import { disableOtel, line2, line3, otelLines } from "../../support/otel-lines.ts";

afterEach(disableOtel);

function create(): {
  seen: ReadableLogRecord[];
  provider: ReturnType<typeof createLoggerProvider>;
} {
  const seen: ReadableLogRecord[] = [];
  const processor = {
    onEmit: (record: ReadableLogRecord) => void seen.push(record),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  return { seen, provider: createLoggerProvider(processor, { "service.name": "shop" }) };
}

const apiGlobal = Symbol.for("opentelemetry.js.api.1");

describe.each(otelLines)("the provider of register, in the API of $name", ({ logs }) => {
  it("hands on what the app emits by its own API, with scope, resource and span", () => {
    const { seen, provider } = create();
    registerLoggerProvider(provider);
    const span = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
    const context = line3.api.trace.setSpanContext(line3.api.ROOT_CONTEXT, span);
    logs.getLogger("app").emit({
      eventName: "app.order",
      timestamp: 1_700_000_000_123,
      attributes: { amount: 3 },
      context,
    });
    expect(seen).toMatchObject([
      {
        eventName: "app.order",
        hrTime: [1_700_000_000, 123_000_000],
        attributes: { amount: 3 },
        spanContext: span,
        resource: { attributes: { "service.name": "shop" } },
        instrumentationScope: { name: "app" },
      },
    ]);
  });

  it("hands on the schema of a scope, and when a record was observed", () => {
    const { seen, provider } = create();
    registerLoggerProvider(provider);
    const schemaUrl = "https://example.com/schema/1";
    const logger = logs.getLogger("app", "1.2.3", { schemaUrl });
    logger.emit({ eventName: "app.order", observedTimestamp: new Date(1_700_000_000_500) });
    expect(seen).toMatchObject([
      {
        hrTimeObserved: [1_700_000_000, 500_000_000],
        instrumentationScope: { name: "app", version: "1.2.3", schemaUrl },
      },
    ]);
  });

  it("takes a record that has next to nothing, or a time that is none", () => {
    const { seen, provider } = create();
    registerLoggerProvider(provider);
    const before = Math.floor(Date.now() / 1000);
    for (const timestamp of [undefined, Number.NaN, [1], "soon", new Date("no date")]) {
      logs.getLogger("app").emit({ timestamp });
    }
    expect(seen).toHaveLength(5);
    for (const { hrTime, attributes, spanContext } of seen) {
      expect(hrTime[0]).toBeGreaterThanOrEqual(before);
      expect({ attributes, spanContext }).toEqual({ attributes: {}, spanContext: undefined });
    }
  });

  it("leaves a provider that somebody has registered before", () => {
    const { seen, provider } = create();
    const own = create();
    logs.setGlobalLoggerProvider(own.provider);
    registerLoggerProvider(provider);
    logs.getLogger("app").emit({ eventName: "app.order" });
    expect([seen.length, own.seen.length]).toEqual([0, 1]);
  });
});

it("lets the app register a tracer afterwards, in the API of each line", () => {
  registerLoggerProvider(create().provider);
  const tracers = { getTracer: () => ({}) };
  expect(line3.api.trace.setGlobalTracerProvider(tracers)).toBe(true);
});

it("makes no globals for an API that has no logs: a copy of another version would be locked out", () => {
  setLoggerProvider(create().provider, "1.9.0");
  expect(apiGlobals()).toEqual({});
  expect(line2.api.trace.setGlobalTracerProvider({ getTracer: () => ({}) })).toBe(true);
});

it.each([undefined, "", "2.0.0", "junk"])("with an API of version %j does so too", (version) => {
  setLoggerProvider(create().provider, version);
  expect(apiGlobal in globalThis).toBe(false);
});
