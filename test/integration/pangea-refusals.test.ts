import { setImmediate } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import type { DeadLetter } from "../../src/delivery/dead-letter.ts";
import { getSlot } from "../../src/slot.ts";
import { journalFolder } from "../support/journal.ts";
import { watchSlot } from "../support/slot.ts";
import { exporterTo, receiverOf } from "./pangea-harness.ts";
import { answer, envelope, type Receiver, type Reply, success } from "./pangea-receiver.ts";
import { logRecords } from "./pangea-records.ts";

watchSlot();

describe("events that are refused for good", () => {
  it("a 400 that points at an event refuses it by pointer and code, and the others are sent again without", async () => {
    const receiver = await receiverOf(...always(refusing(400, true, "user-1")));
    const outcome = await exporterTo(receiver).deliver(logRecords(3));
    expect(outcome).toMatchObject({
      status: "rejected",
      records: [
        {
          index: 1,
          cause: {
            code: "ERR_AUTHLOG_DELIVERY_REJECTED",
            why: "/events/1/event/message BadLength",
          },
        },
      ],
    });
    expect(uids(receiver)).toEqual([
      ["uid-0", "uid-1", "uid-2"],
      ["uid-0", "uid-2"],
    ]);
  });

  it.each(["BadRequest", "ValidationError"])(
    "a 422 that says %s refuses the event that it points at",
    async (status) => {
      const errors = [{ code: "BadLength", source: "/events/1/event/actor" }];
      const receiver = await receiverOf(answer(422, envelope(status, { errors })));
      const outcome = await exporterTo(receiver).deliver(logRecords(2));
      expect(outcome).toMatchObject({ status: "rejected", records: [{ index: 1 }] });
    },
  );

  it.each(["InvalidPayloadReceived", "ValidationError"])(
    "a 400 that says %s and points nowhere is about the events",
    async (status) => {
      const receiver = await receiverOf(answer(400, envelope(status)));
      const outcome = await exporterTo(receiver).deliver(logRecords(1));
      expect(outcome).toMatchObject({ status: "rejected", records: [{ index: 0 }] });
    },
  );

  it("a 400 without pointers is split until each bad event stands alone", async () => {
    const receiver = await receiverOf(...always(refusing(400, false, "user-0", "user-4")));
    const outcome = await exporterTo(receiver).deliver(logRecords(5));
    expect(outcome).toMatchObject({ status: "rejected", records: [{ index: 0 }, { index: 4 }] });
    const taken = receiver.requests.filter(
      ({ events }) => !events.some(({ actor }) => actor === "user-0" || actor === "user-4"),
    );
    expect(taken.flatMap(({ events }) => events.map(({ actor }) => actor))).toEqual([
      "user-1",
      "user-2",
      "user-3",
    ]);
  });

  it("a 413, as HTML too, is split until the event that is too large stands alone", async () => {
    const receiver = await receiverOf(...always(tooLarge));
    const outcome = await exporterTo(receiver).deliver(logRecords(4));
    expect(outcome).toMatchObject({ status: "rejected", records: [{ index: 2 }] });
  });

  it("a batch of more than maxRequestBytes, or of more than 1,000 events, goes in several requests", async () => {
    const receiver = await receiverOf();
    const exporter = exporterTo(receiver, { maxRequestBytes: 300_000 });
    expect(await exporter.deliver(logRecords(1_001))).toEqual({ status: "delivered" });
    const counts = receiver.requests.map(({ events }) => events.length);
    expect(counts).toEqual([500, 500, 1]);
    expect(new Set(uids(receiver).flat()).size).toBe(1_001);
  });

  it("what was settled before a part had to wait is not sent again with the rest", async () => {
    const receiver = await receiverOf(
      answer(413, ""), // 0 to 3
      success, // 0 and 1
      answer(400, envelope("ValidationError", { errors: [{ source: "/events/0/event" }] })), // 2
      answer(503, ""), // 3
    );
    const exporter = exporterTo(receiver);
    const records = logRecords(4);
    expect(await exporter.deliver(records)).toMatchObject({ status: "retryable" });
    expect(await exporter.deliver(records)).toMatchObject({
      status: "rejected",
      records: [{ index: 2 }],
    });
    expect(uids(receiver).slice(1)).toEqual([
      ["uid-0", "uid-1"],
      ["uid-2", "uid-3"],
      ["uid-3"],
      ["uid-3"],
    ]);
  });

  it("nor by the next process, where the first one dies before the rest is taken", async () => {
    const receiver = await receiverOf(
      answer(413, ""), // 0 to 3
      success, // 0 and 1
      answer(400, envelope("ValidationError", { errors: [{ source: "/events/0/event" }] })), // 2
      answer(503, ""), // 3
    );
    const options = {
      includes: () => true,
      maxExportBatchSize: 4,
      scheduledDelayMillis: 10,
      journal: { dir: journalFolder() },
    };
    const letters: DeadLetter[] = [];
    const failed = Promise.withResolvers<void>();
    getSlot().onDiagnostic = ({ code }) => {
      if (code === "ERR_AUTHLOG_DELIVERY_RETRYABLE") failed.resolve();
    };
    const first = new AuditLogRecordProcessor({
      ...options,
      exporter: exporterTo(receiver),
      deadLetters: { write: (more) => (letters.push(...more), []) },
      retry: { initialBackoffMillis: 3_600_000, maxBackoffMillis: 3_600_000 },
    });
    for (const record of logRecords(4)) first.onEmit(record);
    await failed.promise;
    // What follows the diagnostic is done in the same turn of the event loop.
    await setImmediate();
    first.end();

    const next = new AuditLogRecordProcessor({ ...options, exporter: exporterTo(receiver) });
    await vi.waitUntil(() => next.depth === 0);
    await next.shutdown();
    expect(uids(receiver).slice(4)).toEqual([["uid-3"]]);
    expect(letters.map(({ record }) => record.attributes["log.record.uid"])).toEqual(["uid-2"]);
  });
});

const uids = (receiver: Receiver): string[][] =>
  receiver.requests.map(({ events }) =>
    events.map((event) => JSON.parse(event["new"] ?? "{}")["log.record.uid"]),
  );
/** Refuses as Pangea would each request that holds one of these events. */
const refusing =
  (status: number, pointers: boolean, ...bad: string[]): Reply =>
  (request, response, socket) => {
    const wrong = request.events.flatMap(({ actor }, index) =>
      bad.includes(actor ?? "") ? [index] : [],
    );
    const errors = wrong.map((index) => ({
      code: "BadLength",
      detail: "too long",
      source: `/events/${index}/event/message`,
    }));
    const body = envelope("ValidationError", pointers ? { errors } : {});
    return (wrong.length > 0 ? answer(status, body) : success)(request, response, socket);
  };
const always = (reply: Reply): Reply[] => Array.from({ length: 20 }, () => reply);

const tooLarge: Reply = (request, response, socket) =>
  (request.events.some(({ actor }) => actor === "user-2")
    ? answer(413, "<h1>Too large</h1>", { "content-type": "text/html" })
    : success)(request, response, socket);
