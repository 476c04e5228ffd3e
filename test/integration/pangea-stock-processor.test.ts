import { describe, expect, it } from "vitest";
import type { ExportResult } from "../../src/telemetry/exporter.ts";
import type { PangeaLogRecordExporter } from "../../src/pangea/pangea-log-record-exporter.ts";
import { expectNoToken, exporterTo, receiverOf } from "./pangea-harness.ts";
import { answer, envelope, type Receiver, type Reply, success } from "./pangea-receiver.ts";
import { logRecords } from "./pangea-records.ts";
import { otelLines } from "../support/otel-lines.ts";

const unavailable = answer(503, envelope("ServiceUnavailable"), { "retry-after": "0" });

const actorsOf = ({ requests }: Receiver): (string | undefined)[] =>
  requests.flatMap(({ events }) => events.map(({ actor }) => actor));

const exported = (exporter: PangeaLogRecordExporter, count = 1): Promise<ExportResult> =>
  new Promise((resolve) => exporter.export(logRecords(count), resolve));

const hang: Reply = () => undefined;

/** A reply that waits until it is let go. */
function held(): { reply: Reply; arrived: Promise<void>; letGo: () => void } {
  const arrival = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const reply: Reply = async (...exchange) => {
    arrival.resolve();
    await release.promise;
    await success(...exchange);
  };
  return { reply, arrived: arrival.promise, letGo: release.resolve };
}

describe.each(otelLines)(
  "behind the stock BatchLogRecordProcessor of $name, alone",
  ({ sdkLogs }) => {
    const { BatchLogRecordProcessor, LoggerProvider } = sdkLogs;

    it("records of the real SDK are delivered in its batches", async () => {
      const receiver = await receiverOf();
      const provider = new LoggerProvider({
        processors: [
          new BatchLogRecordProcessor({ exporter: exporterTo(receiver), maxExportBatchSize: 2 }),
        ],
      });
      const logger = provider.getLogger("app");
      for (const user of ["a", "b", "c"]) {
        logger.emit({ eventName: "app.order", body: "ordered", attributes: { "user.id": user } });
      }
      await provider.shutdown();
      expect(receiver.requests.map(({ events }) => events.length)).toEqual([2, 1]);
      expect(actorsOf(receiver)).toEqual(["a", "b", "c"]);
      expect(receiver.requests[0]?.events[0]).toMatchObject({
        action: "app.order",
        message: "ordered",
      });
    });

    it("what is still to be exported when a shutdown meets a flush is delivered", async () => {
      const { reply, arrived, letGo } = held();
      const receiver = await receiverOf(reply);
      const processor = new BatchLogRecordProcessor({
        exporter: exporterTo(receiver),
        maxExportBatchSize: 1,
      });
      const logger = new LoggerProvider({ processors: [processor] }).getLogger("app");
      for (const user of ["a", "b", "c"]) logger.emit({ attributes: { "user.id": user } });
      const flushed = processor.forceFlush();
      await arrived;
      const shutDown = processor.shutdown();
      letGo();
      await Promise.all([flushed, shutDown]);
      expect(actorsOf(receiver)).toEqual(["a", "b", "c"]);
    });

    it("a receiver that hangs: an export ends before the processor abandons it, so one is under way at a time", async () => {
      const receiver = await receiverOf(hang, hang, hang);
      const exporter = exporterTo(receiver, { timeoutMillis: 50 });
      let underWay = 0;
      let most = 0;
      const processor = new BatchLogRecordProcessor({
        exporter: {
          export(records, done) {
            underWay += 1;
            most = Math.max(most, underWay);
            exporter.export(records, (result) => {
              underWay -= 1;
              done(result);
            });
          },
          forceFlush: () => exporter.forceFlush(),
          shutdown: () => exporter.shutdown(),
        },
        maxExportBatchSize: 1,
        exportTimeoutMillis: 2000,
      });
      const logger = new LoggerProvider({ processors: [processor] }).getLogger("app");
      for (const user of ["a", "b", "c"]) logger.emit({ attributes: { "user.id": user } });
      await processor.forceFlush();
      await processor.shutdown();
      expect(receiver.requests.length).toBeGreaterThan(0);
      expect(most).toBe(1);
    });

    it("a flush during a flush, and a shutdown after it, lose nothing", async () => {
      const { reply, arrived, letGo } = held();
      const receiver = await receiverOf(reply);
      const processor = new BatchLogRecordProcessor({ exporter: exporterTo(receiver) });
      const logger = new LoggerProvider({ processors: [processor] }).getLogger("app");
      logger.emit({ attributes: { "user.id": "a" } });
      const first = processor.forceFlush();
      await arrived;
      logger.emit({ attributes: { "user.id": "b" } });
      const second = processor.forceFlush();
      letGo();
      await Promise.all([first, second]);
      await processor.shutdown();
      expect(actorsOf(receiver)).toEqual(["a", "b"]);
    });
  },
);

describe("export()", () => {
  it("tries again by itself, after as long as the destination asks for", async () => {
    const receiver = await receiverOf(unavailable, unavailable);
    expect(await exported(exporterTo(receiver))).toEqual({ code: 0 });
    expect(receiver.requests).toHaveLength(3);
  });

  it("gives up after one attempt more where it is shut down in a pause, with an error that does not tell the token", async () => {
    const busy = answer(503, envelope("ServiceUnavailable"), { "retry-after": "40" });
    const receiver = await receiverOf(busy, busy);
    const exporter = exporterTo(receiver, { timeoutMillis: 600_000 });
    const exporting = exported(exporter);
    await exporter.shutdown();
    const result = await exporting;
    expect(result).toMatchObject({
      code: 1,
      error: { code: "ERR_AUTHLOG_DELIVERY_RETRYABLE", why: expect.stringContaining("HTTP 503") },
    });
    expect(receiver.requests).toHaveLength(2);
    expectNoToken(result);
  });

  it("does not wait for a retry that would begin after the deadline", async () => {
    const receiver = await receiverOf(answer(503, "", { "retry-after": "60" }));
    expect(await exported(exporterTo(receiver))).toMatchObject({ code: 1 });
    expect(receiver.requests).toHaveLength(1);
  });

  it("a refused record is a failure with its reason, and the others are delivered", async () => {
    const errors = [{ code: "BadLength", detail: "too long", source: "/events/0/event/actor" }];
    const receiver = await receiverOf(answer(400, envelope("ValidationError", { errors })));
    const result = await exported(exporterTo(receiver), 2);
    expect(result).toMatchObject({
      code: 1,
      error: {
        code: "ERR_AUTHLOG_DELIVERY_REJECTED",
        message: "The audit log refuses 1 of 2 events; it has the others.",
        why: "/events/0/event/actor BadLength",
      },
    });
    expect(actorsOf(receiver).slice(2)).toEqual(["user-1"]);
  });

  it("a callback that throws does not become an unhandled rejection", async () => {
    const receiver = await receiverOf();
    const exporter = exporterTo(receiver);
    const called = new Promise<void>((resolve) => {
      exporter.export(logRecords(1), () => {
        resolve();
        throw new Error("the processor's own");
      });
    });
    await called;
    await exporter.shutdown();
    expect(receiver.requests).toHaveLength(1);
  });
});

describe("the end", () => {
  it("forceFlush waits for what is under way, and never rejects", async () => {
    const { reply, arrived, letGo } = held();
    const receiver = await receiverOf(reply, answer(500, ""));
    const exporter = exporterTo(receiver);
    const order: string[] = [];
    const delivered = exporter.deliver(logRecords(1)).then(() => order.push("delivered"));
    await arrived;
    const flushed = exporter.forceFlush().then(() => order.push("flushed"));
    letGo();
    await Promise.all([delivered, flushed]);
    expect(order).toEqual(["delivered", "flushed"]);
    void exporter.deliver(logRecords(1));
    await expect(exporter.forceFlush()).resolves.toBeUndefined();
  });

  it("after shutdown, which can be called twice, a batch fails with a code and is not sent", async () => {
    const receiver = await receiverOf();
    const exporter = exporterTo(receiver);
    await Promise.all([exporter.shutdown(), exporter.shutdown()]);
    const code = "ERR_AUTHLOG_EXPORTER_SHUT_DOWN";
    expect(await exported(exporter)).toMatchObject({ code: 1, error: { code } });
    expect(await exporter.deliver(logRecords(1))).toMatchObject({
      status: "retryable",
      cause: { code },
    });
    expect(receiver.requests).toHaveLength(0);
  });
});
