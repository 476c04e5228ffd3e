import { afterEach, describe, expect, it } from "vitest";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { disableOtel, otelLines } from "../support/otel-lines.ts";
import { watchSlot } from "../support/slot.ts";
import { exporterTo, receiverOf } from "./pangea-harness.ts";
import { answer, envelope, type Reply, success } from "./pangea-receiver.ts";
import { logRecords } from "./pangea-records.ts";

watchSlot();

afterEach(disableOtel);

const busy = answer(503, envelope("ServiceBusy"), { "retry-after": "0" });
const errors = [{ code: "BadLength", detail: "too long", source: "/events/0/event/actor" }];

/** A reader that exports to nowhere. */
const readerOptions = {
  exporter: {
    export: (_: unknown, done: (result: object) => void) => done({ code: 0 }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  },
};

describe.each(otelLines)("the app's MeterProvider, $name", ({ api, sdkMetrics }) => {
  it("tells how many records wait, were delivered, refused or dropped, and how long it took", async () => {
    const reader = new sdkMetrics.PeriodicExportingMetricReader(readerOptions);
    const provider = new sdkMetrics.MeterProvider({ readers: [reader] });
    api.metrics.setGlobalMeterProvider(provider);
    const receiver = await receiverOf(answer(400, envelope("ValidationError", { errors })));
    const processor = new AuditLogRecordProcessor({
      durability: "memory",
      exporter: exporterTo(receiver),
      includes: () => true,
      maxQueueSize: 2,
    });
    for (const record of logRecords(3)) processor.onEmit(record);
    await processor.forceFlush();
    processor.onEmit(logRecords(1)[0]!);
    const { resourceMetrics } = await reader.collect();
    await processor.shutdown();
    await provider.shutdown();

    const told = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => [
          name,
          unit,
          attributes["otel.component.type"]?.replace("authlog.", ""),
          attributes["error.type"],
          typeof value === "number" ? value : (value as { count: number }).count,
        ]),
      ),
    );
    const [processing, exporting] = ["AuditLogRecordProcessor", "PangeaLogRecordExporter"];
    const [full, rejected] = ["ERR_AUTHLOG_QUEUE_FULL", "ERR_AUTHLOG_DELIVERY_REJECTED"];
    const records = "{log_record}";
    expect(new Set(told)).toEqual(
      new Set([
        ["otel.sdk.processor.log.queue.size", records, processing, undefined, 1],
        ["otel.sdk.processor.log.queue.capacity", records, processing, undefined, 2],
        // The one that tells of the dropped record is the second.
        ["otel.sdk.processor.log.processed", records, processing, undefined, 2],
        ["otel.sdk.processor.log.processed", records, processing, full, 1],
        ["otel.sdk.processor.log.processed", records, processing, rejected, 1],
        ["otel.sdk.exporter.log.inflight", records, exporting, undefined, 0],
        ["otel.sdk.exporter.log.exported", records, exporting, undefined, 2],
        ["otel.sdk.exporter.log.exported", records, exporting, rejected, 1],
        // Two fill a batch; the gap's is the second one.
        ["otel.sdk.exporter.operation.duration", "s", exporting, rejected, 1],
        ["otel.sdk.exporter.operation.duration", "s", exporting, undefined, 1],
      ]),
    );
  });

  it.each<[string, Reply, [string | undefined, number][]]>([
    [
      "delivered",
      success,
      [
        ["ERR_AUTHLOG_DELIVERY_RETRYABLE", 2 + 2],
        [undefined, 4],
      ],
    ],
    [
      "refused in part",
      answer(400, envelope("ValidationError", { errors })),
      [
        ["ERR_AUTHLOG_DELIVERY_RETRYABLE", 3 + 3],
        ["ERR_AUTHLOG_DELIVERY_REJECTED", 1],
        [undefined, 3],
      ],
    ],
  ])(
    "tells once of each record that is settled before the others of its batch: half of it is %s",
    async (_name, ofHalf, told) => {
      const reader = new sdkMetrics.PeriodicExportingMetricReader(readerOptions);
      const provider = new sdkMetrics.MeterProvider({ readers: [reader] });
      api.metrics.setGlobalMeterProvider(provider);
      // Three attempts of `export()`: two end with the receiver busy.
      const receiver = await receiverOf(answer(413, ""), ofHalf, busy, busy);
      const exporter = exporterTo(receiver);
      await new Promise((resolve) => exporter.export(logRecords(4), resolve));
      const { resourceMetrics } = await reader.collect();
      await provider.shutdown();

      const counted = resourceMetrics.scopeMetrics
        .flatMap(({ metrics }) => metrics)
        .filter(({ descriptor }) => descriptor.name === "otel.sdk.exporter.log.exported")
        .flatMap(({ dataPoints }) => dataPoints)
        .map(({ attributes, value }) => [attributes["error.type"], value]);
      expect(new Set(counted)).toEqual(new Set(told));
    },
  );
});
