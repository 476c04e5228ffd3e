import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blockForDelivery, holdForDelivery } from "../../../src/capture/request-end.ts";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { getSlot, type RequestEnd } from "../../../src/slot.ts";
import { flush } from "../../../src/telemetry/flush.ts";
import {
  createClock,
  createExporter,
  foreignRecord,
  type ScriptedExporter,
} from "../../support/delivery.ts";
import { watchSlot } from "../../support/slot.ts";

watchSlot();

const platform = globalThis as Record<symbol, unknown>;
const keys = ["@next/request-context", "@vercel/request-context"].map((key) => Symbol.for(key));

afterEach(() => {
  for (const key of keys) delete platform[key];
});

let exporter: ScriptedExporter;

/** A record waits in a processor whose timers never run out. */
function load(answer?: Parameters<typeof createExporter>[0]): AuditLogRecordProcessor {
  exporter = createExporter(answer);
  const processor = new AuditLogRecordProcessor(
    { exporter, includes: () => true, durability: "memory" },
    { clock: createClock() },
  );
  processor.onEmit(foreignRecord("app.order"));
  return processor;
}

function setRequestEnd(requestEnd: RequestEnd): void {
  getSlot().capture = {
    attemptedIdentifier: undefined,
    classifyAuthorizeError: undefined,
    clientAddress: undefined,
    tell: (_, text) => text,
    pseudonymOf: () => undefined,
    samplesSessionRead: () => false,
    requestEnd,
  };
}

describe.each(keys)("on a platform with waitUntil under %s", (key) => {
  let works: Promise<unknown>[];

  beforeEach(() => {
    works = [];
    platform[key] = { get: () => ({ waitUntil: (work: Promise<unknown>) => works.push(work) }) };
  });

  it("the platform waits until the record is delivered", async () => {
    const processor = load();
    expect(await holdForDelivery()).toBe(true);
    expect(works).toHaveLength(1);
    await Promise.all(works);
    expect(processor.depth).toBe(0);
  });

  it("what is refused then is left for a flush of the app's to say", async () => {
    const refusal = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
      message: "m",
      why: "w",
      fix: "f",
    });
    load(() => ({ status: "rejected", records: [{ index: 0, cause: refusal }] }));
    await holdForDelivery();
    await Promise.all(works);
    expect(await flush()).toBe(false);
  });

  it("and asks for nothing where there is nothing to wait for", async () => {
    expect(await holdForDelivery()).toBe(false);
    expect(works).toEqual([]);
  });
});

it("a platform whose context fails does no harm", async () => {
  platform[keys[0] ?? Symbol()] = {
    get() {
      throw new Error("no request");
    },
  };
  load();
  expect(await holdForDelivery()).toBe(false);
});

describe("where nothing waits behind the answer", () => {
  it("a handler does not either", async () => {
    const processor = load();
    await blockForDelivery();
    expect(processor.depth).toBe(1);
    expect(exporter.batches).toEqual([]);
  });

  it("told to, a handler waits until the record is delivered", async () => {
    setRequestEnd({ timeoutMillis: 5000, blocks: true });
    const processor = load();
    await blockForDelivery();
    expect(processor.depth).toBe(0);
  });

  it("and no longer than it may", async () => {
    setRequestEnd({ timeoutMillis: 10, blocks: true });
    const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", {
      message: "m",
      why: "w",
      fix: "f",
    });
    const processor = load(() => ({ status: "retryable", cause }));
    await blockForDelivery();
    expect(processor.depth).toBe(1);
  });
});
