import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Audit, AuditService, PangeaConfig } from "pangea-node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditSchema } from "../../src/audit-schema/audit-schema.ts";
import { defineSchema } from "../../src/audit-schema/define-schema.ts";
import { tutorialSchema, tutorialWithIdsSchema } from "../../src/audit-schema/tutorial.ts";
import { letterLines } from "../../src/delivery/letter-lines.ts";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import { auditProcessor } from "../../src/setup/processor.ts";
import type { AuthLogRecord } from "../../src/slot.ts";
import { watchSlot } from "../support/slot.ts";
import { exporterTo } from "./pangea-harness.ts";
import { logRecord, logRecords } from "./pangea-records.ts";

const watched = watchSlot();

let folder: string;
let ledger: RunningLedger | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-schemas-"));
});
afterEach(async () => {
  await ledger?.close();
  rmSync(folder, { recursive: true });
});

async function ledgerOf(schema: AuditSchema): Promise<RunningLedger> {
  ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0, schema });
  return ledger;
}

/** What the unmodified SDK finds and verifies in a ledger. */
async function found({ url, readToken }: RunningLedger): Promise<Audit.Event[]> {
  const reader = new AuditService(readToken, new PangeaConfig({ baseUrlTemplate: url }));
  const query = { limit: 100, order: "asc" } as const;
  const { result } = await reader.search("", query, { verifyConsistency: true });
  return result.events.map(({ envelope }) => envelope.event);
}

/** An order's number is all that it tells; a record without one has no event. */
const orders = defineSchema({
  name: "orders",
  fields: {
    number: { type: "integer", required: true },
    urgent: { type: "boolean" },
    uid: { type: "string" },
  },
  uidField: "uid",
  map: ({ attributes }) => ({
    number: attributes["number"] as number,
    urgent: attributes["urgent"] as boolean,
  }),
});

const order = (n: number, number: unknown): ReturnType<typeof logRecord> =>
  logRecord(n, { attributes: { "log.record.uid": `uid-${n}`, number, urgent: n === 0 } });

describe("events of another schema, from the exporter into the ledger of that schema", () => {
  it("the tutorial's, with ids: delivered twice, it stands there once", async () => {
    const running = await ledgerOf(tutorialWithIdsSchema);
    const exporter = exporterTo(running, { token: running.token, schema: tutorialWithIdsSchema });
    await exporter.deliver(logRecords(2));
    expect(await exporter.deliver(logRecords(3))).toEqual({ status: "delivered" });
    expect(await found(running)).toEqual(
      [0, 1, 2].map((n) => ({
        message: "User logged in",
        action: "login",
        target: `user-${n}`,
        event_id: `uid-${n}`,
        trace_id: "0af7651916cd43dd8448eb211c80319c",
      })),
    );
  });

  it("the tutorial's own fields: delivered twice, it stands there twice", async () => {
    const running = await ledgerOf(tutorialSchema);
    const exporter = exporterTo(running, { token: running.token, schema: tutorialSchema });
    await exporter.deliver(logRecords(1));
    await exporter.deliver(logRecords(1));
    expect(await found(running)).toHaveLength(2);
  });

  it("an app's own: what does not fit is refused with its reason, and holds up nothing", async () => {
    const running = await ledgerOf(orders);
    const exporter = exporterTo(running, { token: running.token, schema: orders });
    const outcome = await exporter.deliver([order(0, 7), order(1, "7"), order(2, 8)]);
    expect(outcome).toMatchObject({
      status: "rejected",
      records: [
        {
          index: 1,
          cause: {
            code: "ERR_AUTHLOG_RECORD_UNMAPPABLE",
            why: "What it has for number is no integer.",
          },
        },
      ],
    });
    expect(await found(running)).toEqual([
      { number: 7, urgent: true, uid: "uid-0" },
      { number: 8, urgent: false, uid: "uid-2" },
    ]);
  });
});

/** A record of authlog's own. */
const emitted: AuthLogRecord = {
  eventName: "auth.sign_in",
  timeUnixMillis: 0,
  severityNumber: 9,
  severityText: "INFO",
  body: "ada signed in",
  attributes: { "log.record.uid": "uid-1", "auth.outcome": "success" },
};

describe("the processor as it is set up", () => {
  it("keeps what the receiver refuses for good in the file that the setting names", async () => {
    // A ledger of other fields refuses every event of the standard schema.
    const { url, token } = await ledgerOf(orders);
    const deadLetterPath = join(folder, "letters/dead.jsonl");
    const processor = auditProcessor({
      pangea: { token, baseUrlTemplate: url },
      durability: "memory",
      deadLetterPath,
    });
    processor.take(emitted);
    await processor.shutdown();
    const [line] = letterLines(deadLetterPath);
    expect(line?.letter).toMatchObject({
      code: "ERR_AUTHLOG_DELIVERY_REJECTED",
      record: { eventName: "auth.sign_in", attributes: emitted.attributes },
    });
    expect(statSync(deadLetterPath).mode & 0o777).toBe(0o600);
    expect(line?.bytes.toString()).not.toContain(token);
  });

  it("sends nothing unsigned where the signing key cannot be used: the events wait, and it is said", async () => {
    const { url, token } = await ledgerOf(orders);
    const signingKeyFile = join(folder, "missing.pem");
    const processor = auditProcessor({
      pangea: { token, baseUrlTemplate: url },
      durability: "memory",
      signingKeyFile,
    });
    processor.take(emitted);
    await processor.forceFlush();
    expect(processor.depth).toBe(1);
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_SIGNING_KEY"]);
    await processor.shutdown();
  });
});
