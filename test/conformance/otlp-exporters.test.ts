import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoredResource } from "../../src/delivery/stored-resource.ts";
import { collectorProgram, startCollector } from "../support/collector.ts";
import type { OtlpRecord } from "../support/otlp-request.ts";
import { disableOtel, otelLines } from "../support/otel-lines.ts";
import { watchSlot } from "../support/slot.ts";
import { emitBoth, processorTo, stockExporter, values } from "./otlp-emitter.ts";

const watched = watchSlot();

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-otlp-"));
});

afterEach(() => {
  disableOtel();
  rmSync(folder, { recursive: true });
});

const encodings = [
  ["HTTP/JSON", "@opentelemetry/exporter-logs-otlp-http"],
  ["HTTP/protobuf", "@opentelemetry/exporter-logs-otlp-proto"],
] as const;

const nanosOf = (millis: number): bigint => BigInt(millis) * 1_000_000n;

/** What JSON has nothing for is text in the journal. */
const journalled = { ...values, nan: "NaN", bytes: "AH//" };

describe.skipIf(collectorProgram === undefined).each(otelLines)(
  "the processor in front of the stock OTLP exporter of $name",
  { timeout: 20_000 },
  (line) => {
    it.each(encodings)("over %s: a collector receives what was emitted", async (encoding, name) => {
      await using collector = await startCollector(collectorProgram ?? "");
      const processor = processorTo(stockExporter(line, name, `${collector.url}/v1/logs`));
      const began = Date.now();
      // The stock JSON encoding writes null for it, which no collector takes.
      const attributes = encoding === "HTTP/JSON" ? values : { ...values, nan: NaN };
      emitBoth(line, processor, attributes);
      expectBoth(await collector.records(2), attributes, began);
      await processor.shutdown();
      expect(watched.diagnostics).toEqual([]);
    });

    it.each(encodings)("over %s: so does one after the process was killed", async (_, name) => {
      const began = Date.now();
      const script = join(import.meta.dirname, "otlp-emitter.ts");
      const child = spawn(process.execPath, [script, line.name, name, folder], {
        stdio: "inherit",
      });
      expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
      await using collector = await startCollector(collectorProgram ?? "");
      const exporter = stockExporter(line, name, `${collector.url}/v1/logs`);
      const processor = processorTo(exporter, folder);
      expectBoth(await collector.records(2), journalled, began);
      await processor.shutdown();
      expect(watched.diagnostics).toEqual([]);
    });
  },
);

describe.each(otelLines)("the resource of a record that no SDK of $name made", ({ load }) => {
  const sdk = load("@opentelemetry/resources") as {
    resourceFromAttributes(attributes: object): StoredResource;
  };

  it("merges with one of the SDK's, either way", () => {
    const ours = new StoredResource({ "service.name": "shop", host: "a" }, "https://example.com/1");
    const theirs = sdk.resourceFromAttributes({ host: "b" });
    expect(ours.merge(theirs)).toMatchObject({
      attributes: { "service.name": "shop", host: "b" },
      schemaUrl: "https://example.com/1",
    });
    expect(theirs.merge(ours).attributes).toEqual({ "service.name": "shop", host: "a" });
    expect(ours.merge(null)).toEqual(ours);
  });
});

function expectBoth(
  records: readonly OtlpRecord[],
  attributes: Readonly<Record<string, unknown>>,
  began: number,
): void {
  const [own, app] = records;
  expect(records).toHaveLength(2);
  expect(own).toMatchObject({
    eventName: "auth.sign_in",
    timeUnixNano: nanosOf(1_700_000_000_123),
    severityNumber: 9,
    severityText: "INFO",
    body: "42 signed in",
    attributes: { "auth.outcome": "success", "auth.user.is_new": true, "authlog.sequence": 1 },
    droppedAttributesCount: 0,
    resource: { "service.name": "shop" },
    scope: "authlog",
  });
  expect(own?.observedTimeUnixNano).toBeGreaterThanOrEqual(nanosOf(began));
  expect(app).toMatchObject({
    eventName: "app.order",
    timeUnixNano: 1_700_000_001_000_000_005n,
    observedTimeUnixNano: 1_700_000_002_000_000_007n,
    severityNumber: 13,
    severityText: "WARN",
    body: { what: "an order", lines: [1, 2] },
    droppedAttributesCount: 2,
    traceId: "a".repeat(32),
    spanId: "b".repeat(16),
    resource: { "service.name": "shop" },
    scope: "app",
  });
  for (const [name, value] of Object.entries(attributes)) {
    expect([name, app?.attributes[name]]).toEqual([name, value]);
  }
}
