import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditService, PangeaConfig } from "pangea-node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import { exporterTo } from "./pangea-harness.ts";
import { logRecord, logRecords } from "./pangea-records.ts";

let folder: string;
let ledger: RunningLedger;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "authlog-pangea-"));
  ledger = await startLedger({
    path: join(folder, "ledger.db"),
    port: 0,
    publishIntervalMillis: 3_600_000,
  });
});

afterEach(async () => {
  await ledger.close();
  await rm(folder, { recursive: true });
});

const reader = (): AuditService =>
  new AuditService(ledger.readToken, new PangeaConfig({ baseUrlTemplate: ledger.url }));

describe("from the exporter into the ledger", () => {
  it("each event is found by the SDK's search, its hash and membership proven", async () => {
    const exporter = exporterTo(ledger, { token: ledger.token });
    const awkward = ["123", "null", '{"b":1, "a":2}', "\ud800", "a\u0000b"];
    const records = [
      ...logRecords(3),
      ...awkward.map((body, index) => logRecord(10 + index, { body })),
      logRecord(20, { attributes: { "log.record.uid": "long", huge: '"'.repeat(100_000) } }),
    ];
    expect(await exporter.deliver(records)).toEqual({ status: "delivered" });

    // Checks each hash, or throws. Nothing is published yet, so no archive of roots is asked.
    const { result } = await reader().search("", { limit: 100 }, { verifyConsistency: true });
    expect(result.events.map(({ membership_verification }) => membership_verification)).toEqual(
      records.map(() => "pass"),
    );
  });

  it("a batch that is delivered again stands there once", async () => {
    const exporter = exporterTo(ledger, { token: ledger.token });
    expect(await exporter.deliver(logRecords(2))).toEqual({ status: "delivered" });
    expect(await exporter.deliver(logRecords(3))).toEqual({ status: "delivered" });
    expect((await reader().search("", {}, {})).result.count).toBe(3);
  });

  it("a wrong token keeps the records", async () => {
    const exporter = exporterTo(ledger, { token: ledger.readToken });
    expect(await exporter.deliver(logRecords(1))).toMatchObject({
      status: "retryable",
      cause: { code: "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED" },
    });
  });
});
