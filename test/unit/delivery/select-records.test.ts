import { afterEach, describe, expect, it } from "vitest";
import { emitEvent } from "../../../src/capture/emit-event.ts";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import type { Includes } from "../../../src/delivery/select-records.ts";
import { getSlot } from "../../../src/slot.ts";
import type { ReadableLogRecord } from "../../../src/telemetry/exporter.ts";
import { createExporter, foreignRecord } from "../../support/delivery.ts";
import { disableOtel, otelLines, type Processor } from "../../support/otel-lines.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
afterEach(disableOtel);

interface Audit {
  processor: AuditLogRecordProcessor;
  /** Flushes first. */
  taken: () => Promise<ReadableLogRecord[]>;
}

function createAudit(includes?: Includes): Audit {
  const records: ReadableLogRecord[] = [];
  const exporter = createExporter();
  exporter.deliver = (batch) => {
    records.push(...batch);
    return Promise.resolve({ status: "delivered" });
  };
  const processor = new AuditLogRecordProcessor({ exporter, durability: "memory", includes });
  const taken = async (): Promise<ReadableLogRecord[]> => {
    await processor.forceFlush();
    return records;
  };
  return { processor, taken };
}

const namesOf = (records: readonly ReadableLogRecord[]): unknown[] =>
  records.map(({ eventName }) => eventName);
const messages = (): string[] =>
  watched.diagnostics.map(({ code, message }) => `${code}: ${message}`);

const signIn = (): void =>
  emitEvent({
    name: "auth.sign_in",
    timeUnixMillis: 1_700_000_000_123,
    outcome: "success",
    framework: { name: "next-auth", version: "5" },
  });

describe.each(otelLines)("what an app emits itself through $name", ({ logs, sdkLogs }) => {
  const provide = (...processors: object[]): void =>
    void logs.setGlobalLoggerProvider(new sdkLogs.LoggerProvider({ processors }));
  const emit = (scope: string, record: object): void => logs.getLogger(scope).emit(record);

  it("is audited in the scope of authlog, or under a name of its vocabulary", async () => {
    const { processor, taken } = createAudit();
    provide(processor);
    emit("authlog", { eventName: "billing.refund", attributes: { amount: 3 } });
    emit("shop", { eventName: "auth.rate_limit" });
    emit("shop", { eventName: "authlog.import" });
    emit("shop", { eventName: "http.request", attributes: { "user.id": "7" } });
    emit("shop", { body: "no event" });
    const records = await taken();
    expect(namesOf(records)).toEqual(["billing.refund", "auth.rate_limit", "authlog.import"]);
    expect(records[0]).toMatchObject({
      attributes: { amount: 3 },
      instrumentationScope: { name: "authlog" },
      droppedAttributesCount: 0,
    });
    expect(messages()).toEqual([]);
  });

  it("has an id of its own, and keeps one that it has", async () => {
    const { processor, taken } = createAudit();
    provide(processor);
    emit("authlog", { eventName: "a" });
    emit("authlog", { eventName: "b" });
    emit("authlog", { eventName: "c", attributes: { "log.record.uid": "mine" } });
    const uids = (await taken()).map(({ attributes }) => attributes["log.record.uid"]);
    expect(uids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(uids).size).toBe(3);
    expect(uids[2]).toBe("mine");
  });

  it.each([
    ["by its name", { eventName: "audit.export" }],
    ["by another one", { eventName: "auth.passkey.add" }],
    ["by its attributes", { eventName: "shop.login", attributes: { "auth.outcome": "failure" } }],
  ])("and looks like an audit event %s is left, which is said once", async (_, record) => {
    const { processor, taken } = createAudit();
    provide(processor);
    emit("shop", record);
    emit("shop", { eventName: "audit.import" });
    expect(await taken()).toEqual([]);
    expect(messages()).toEqual([
      `ERR_AUTHLOG_RECORD_NOT_INCLUDED: A log record that looks like an audit event was not audited: "${record.eventName}".`,
    ]);
    expect(watched.diagnostics[0]?.fix).toContain("includes");
  });

  it("is audited or left as `includes` says, and nothing is said", async () => {
    const { processor, taken } = createAudit(({ eventName }) => eventName === "audit.export");
    provide(processor);
    emit("shop", { eventName: "audit.export" });
    emit("shop", { eventName: "audit.import" });
    emit("shop", { eventName: "auth.rate_limit" });
    expect(namesOf(await taken())).toEqual(["audit.export", "auth.rate_limit"]);
    expect(messages()).toEqual([]);
  });

  it("stays the app's where `includes` throws, which is said", async () => {
    const { processor, taken } = createAudit(() => {
      throw new Error("no");
    });
    provide(processor);
    expect(() => emit("shop", { eventName: "audit.export" })).not.toThrow();
    expect(await taken()).toEqual([]);
    expect(watched.diagnostics.map(({ why }) => why)).toEqual([
      "`includes`, or the name of the record, threw.",
    ]);
  });

  it("stays the app's where `includes` is asynchronous, which is said, also where that fails", async () => {
    const { processor, taken } = createAudit((() =>
      Promise.reject(new Error("no"))) as unknown as Includes);
    provide(processor);
    emit("shop", { eventName: "http.request" });
    expect(await taken()).toEqual([]);
    expect(watched.diagnostics.map(({ why }) => why)).toEqual(["`includes` returned a promise."]);
  });

  it("an event of authlog's is audited once by a provider that has the processor twice", async () => {
    const { processor, taken } = createAudit(() => true);
    provide(processor, processor);
    signIn();
    expect(await taken()).toHaveLength(1);
  });

  it("an event of authlog's is audited once where it comes by the sink, and again by a bridge", async () => {
    const { processor, taken } = createAudit(() => true);
    const bridged: ReadableLogRecord[] = [];
    const bridge: Processor = {
      onEmit: (record) => void bridged.push(record),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    provide(bridge);
    getSlot().sink = (record) => processor.take(record);
    signIn();
    for (const record of bridged) processor.onEmit(record);
    expect(bridged).toHaveLength(1);
    expect(await taken()).toHaveLength(1);
  });
});

it("an event that another process emitted is audited as it is", async () => {
  const { processor, taken } = createAudit();
  const attributes = { "log.record.uid": "u", "authlog.producer.id": "another" };
  processor.onEmit({ ...foreignRecord("auth.sign_in"), attributes });
  expect((await taken())[0]?.attributes).toEqual(attributes);
});

it.each(["attributes", "eventName"])(
  "a record whose %s cannot be read does the app no harm",
  async (field) => {
    const { processor, taken } = createAudit(() => true);
    const record = Object.defineProperty({ ...foreignRecord("audit.export") }, field, {
      get() {
        throw new Error("nobody reads this");
      },
    });
    expect(() => processor.onEmit(record)).not.toThrow();
    const isLeft = field === "eventName";
    expect((await taken()).map((one) => one === record)).toEqual(isLeft ? [] : [true]);
    expect(messages()).toHaveLength(isLeft ? 1 : 0);
  },
);
