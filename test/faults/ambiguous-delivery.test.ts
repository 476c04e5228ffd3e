import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditService, PangeaConfig } from "pangea-node-sdk";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditSchema } from "../../src/audit-schema/audit-schema.ts";
import { defineSchema } from "../../src/audit-schema/define-schema.ts";
import { standardSchema } from "../../src/audit-schema/standard.ts";
import { tutorialSchema } from "../../src/audit-schema/tutorial.ts";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import {
  type PangeaExporterOptions,
  PangeaLogRecordExporter,
} from "../../src/pangea/pangea-log-record-exporter.ts";
import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { attributes } from "../../src/vocabulary.ts";
import { type BreakingProxy, breakingProxy, type ProxyFate } from "../support/breaking-proxy.ts";
import { numberedRecord } from "../support/journal.ts";
import { watchSlot } from "../support/slot.ts";

const watched = watchSlot();

let folder: string;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-ambiguous-"));
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  rmSync(folder, { recursive: true });
});

/** Makes each request's events other ones than the last's: the ledger keeps both, as Pangea does. */
const asPangea = (body: string, n: number): string =>
  body.replaceAll('"action":"auth.', `"action":"${n}.`);

async function ledgerOf(schema: AuditSchema): Promise<RunningLedger> {
  const ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0, schema });
  ends.push(ledger.close);
  return ledger;
}

async function proxyTo(
  { url }: RunningLedger,
  fateOf: (path: string, n: number) => ProxyFate,
  change?: (body: string, n: number) => string,
): Promise<BreakingProxy> {
  const proxy = await breakingProxy(url, fateOf, change);
  ends.push(proxy.close);
  return proxy;
}

function exporterTo(
  { url }: BreakingProxy,
  ledger: RunningLedger,
  options: Partial<PangeaExporterOptions>,
): PangeaLogRecordExporter {
  return new PangeaLogRecordExporter({
    token: ledger.token,
    readToken: ledger.readToken,
    baseUrlTemplate: url,
    timeoutMillis: 10_000,
    ...options,
  });
}

function processorOf(exporter: PangeaLogRecordExporter, dies = false): AuditLogRecordProcessor {
  const processor = new AuditLogRecordProcessor({
    exporter,
    includes: () => true,
    scheduledDelayMillis: 0,
    retry: { initialBackoffMillis: 1 },
    journal: { dir: join(folder, "journal") },
  });
  if (!dies) ends.push(() => processor.shutdown());
  return processor;
}

const records = (count: number): ReadableLogRecord[] =>
  Array.from({ length: count }, (_, index) => record(index + 1));

/** With an id like those that authlog makes. */
function record(n: number): ReadableLogRecord {
  const made = numberedRecord(n);
  const uid = `019ab000-0000-7000-8000-${String(n).padStart(12, "0")}`;
  return { ...made, attributes: { ...made.attributes, [attributes.recordUid]: uid } };
}

/** How often each record stands in the ledger, by its id. */
async function copies({ url, readToken }: RunningLedger): Promise<number[]> {
  const reader = new AuditService(readToken, new PangeaConfig({ baseUrlTemplate: url }));
  const { result } = await reader.search(
    "",
    { limit: 1000, max_results: 1000, start: "2020-01-01T00:00:00Z" },
    { skipEventVerification: true },
  );
  const ids = result.events.map(({ envelope }) =>
    /019ab000-[0-9a-f-]+/.exec(JSON.stringify(envelope.event))?.at(0),
  );
  return [...Map.groupBy(ids, (id) => id).values()].map(({ length }) => length);
}

const codes = (): string[] => watched.diagnostics.map(({ code }) => code);
const logCalls = ({ paths }: BreakingProxy): number =>
  paths.filter((path) => path === "/v2/log").length;
/** What becomes of the first batch; all else passes. */
const first =
  (fate: ProxyFate) =>
  (path: string, n: number): ProxyFate =>
    path === "/v2/log" && n === 1 ? fate : "passed";
const lostOnce = first("answer lost");
const lostAndThenDown = (path: string, n: number): ProxyFate => {
  if (n === 1) return path === "/v2/log" ? "answer lost" : 503;
  return path === "/v2/log" && n === 2 ? 429 : "passed";
};

/** Has 60 records delivered over a proxy. */
async function deliverAll(
  fateOf: (path: string, n: number) => ProxyFate,
  options: Partial<PangeaExporterOptions>,
  schema: AuditSchema = standardSchema,
): Promise<{ ledger: RunningLedger; proxy: BreakingProxy }> {
  const ledger = await ledgerOf(schema);
  const proxy = await proxyTo(ledger, fateOf, asPangea);
  const processor = processorOf(exporterTo(proxy, ledger, { schema, ...options }));
  for (const each of records(60)) processor.onEmit(each);
  expect(await processor.settle({ timeoutMillis: 20_000, urgent: true })).toBe(true);
  return { ledger, proxy };
}

const once60 = Array.from({ length: 60 }, () => 1);
const twice60 = Array.from({ length: 60 }, () => 2);

describe("a receiver that takes a batch, and whose answer is lost", () => {
  it("has each event twice where nobody looks: the protection is off", async () => {
    const { ledger, proxy } = await deliverAll(lostOnce, {});
    expect(await copies(ledger)).toEqual(twice60);
    expect(logCalls(proxy)).toBe(2);
  });

  it("has each event once where they are looked up before they are sent again", async () => {
    const { ledger, proxy } = await deliverAll(lostOnce, { findBeforeResend: true });
    expect(await copies(ledger)).toEqual(once60);
    // 25 ids a question; nothing was left to be sent.
    expect(proxy.paths).toEqual(["/v2/log", "/v1/search", "/v1/search", "/v1/search"]);
    expect(codes()).not.toContain("ERR_AUTHLOG_LOOKUP_FAILED");
  });

  it("has each event once where it was down before they could be looked up", async () => {
    const { ledger, proxy } = await deliverAll(lostAndThenDown, { findBeforeResend: true });
    expect(await copies(ledger)).toEqual(once60);
    expect(logCalls(proxy)).toBe(2);
  });

  it("has each event once also by a schema of the app's own, by its field for the id", async () => {
    const schema = defineSchema({
      name: "logins",
      fields: { action: { type: "string" }, event_id: { type: "string" } },
      uidField: "event_id",
      map: ({ eventName }) => ({ action: eventName }),
    });
    const { ledger } = await deliverAll(lostOnce, { findBeforeResend: true }, schema);
    expect(await copies(ledger)).toEqual(once60);
  });

  it("has each event once, if the attempt ends by its deadline", async () => {
    const options = { findBeforeResend: true, timeoutMillis: 1_500 };
    const { ledger } = await deliverAll(first("answer withheld"), options);
    expect(await copies(ledger)).toEqual(once60);
  });

  it.each<[string, ProxyFate, RegExp]>([
    ["is refused (403)", 403, /HTTP 403/],
    ["has no answer in time", "answer withheld", /timeout/],
    ["breaks", "answer lost", /UND_ERR_SOCKET|ECONNRESET/],
  ])("has them twice where looking up %s, and it is said", async (_, fate, why) => {
    const fates = (path: string, n: number): ProxyFate =>
      path === "/v1/search" ? fate : lostOnce(path, n);
    const options = { findBeforeResend: true, timeoutMillis: 1_500 };
    const { ledger } = await deliverAll(fates, options);
    expect(await copies(ledger)).toEqual(twice60);
    const said = watched.diagnostics.find(({ code }) => code === "ERR_AUTHLOG_LOOKUP_FAILED");
    expect(said?.why).toMatch(why);
    for (const token of [ledger.token, ledger.readToken])
      expect(JSON.stringify(watched.diagnostics)).not.toContain(token);
  });

  it("has them twice where the token may not search, and it is said", async () => {
    const { ledger } = await deliverAll(lostOnce, { findBeforeResend: true, readToken: undefined });
    expect(await copies(ledger)).toEqual(twice60);
    expect(codes()).toContain("ERR_AUTHLOG_LOOKUP_FAILED");
  });

  it("has them twice where the schema has no field for the id, and it is said", async () => {
    const { ledger } = await deliverAll(lostOnce, { findBeforeResend: true }, tutorialSchema);
    const { url, readToken } = ledger;
    const reader = new AuditService(readToken, new PangeaConfig({ baseUrlTemplate: url }));
    expect((await reader.search("", {}, {})).result.count).toBe(120);
    expect(codes()).toContain("ERR_AUTHLOG_LOOKUP_FAILED");
  });

  it("has each event once behind a stock processor, which repeats nothing itself", async () => {
    const ledger = await ledgerOf(standardSchema);
    const proxy = await proxyTo(ledger, lostOnce, asPangea);
    const exporter = exporterTo(proxy, ledger, { findBeforeResend: true });
    const result = await new Promise((resolve) => exporter.export(records(60), resolve));
    expect(result).toEqual({ code: 0 });
    expect(await copies(ledger)).toEqual(once60);
  });

  it("is asked again for those that its answer had no room for, as others stand there too often", async () => {
    const ledger = await ledgerOf(standardSchema);
    const proxy = await proxyTo(ledger, () => "passed", asPangea);
    const events = records(25);
    const deliver = async (some: readonly ReadableLogRecord[]): Promise<void> => {
      const exporter = exporterTo(proxy, ledger, {});
      expect(await exporter.deliver(some)).toEqual({ status: "delivered" });
    };
    // The newest come first in an answer: there are 72 of them.
    await deliver(events.slice(0, 1));
    for (let n = 0; n < 3; n += 1) await deliver(events.slice(1));
    const exporter = exporterTo(proxy, ledger, { findBeforeResend: true });
    expect(await exporter.deliver(events, undefined, new Set(events))).toEqual({
      status: "delivered",
    });
    expect(proxy.paths.slice(4)).toEqual(["/v1/search", "/v1/search"]);
  });

  it("is not asked after a clear no: what is too busy has taken nothing", async () => {
    const { ledger, proxy } = await deliverAll(first(429), { findBeforeResend: true });
    expect(await copies(ledger)).toEqual(once60);
    expect(proxy.paths).toEqual(["/v2/log", "/v2/log"]);
  });
});

/** Lets a process end while its batch is under way, and the next one take over. */
async function endAndTakeOver(options: Partial<PangeaExporterOptions>): Promise<RunningLedger> {
  const ledger = await ledgerOf(standardSchema);
  const silent = await proxyTo(ledger, () => "answer withheld");
  const dying = processorOf(exporterTo(silent, ledger, options), true);
  for (const each of records(60)) dying.onEmit(each);
  await silent.swallowed;
  // Lets go of the journal as the kernel does, and confirms nothing.
  dying.end();

  const proxy = await proxyTo(ledger, first("passed"), (body) => asPangea(body, 2));
  const next = processorOf(exporterTo(proxy, ledger, options));
  next.onEmit(record(61));
  expect(await next.settle({ timeoutMillis: 20_000, urgent: true })).toBe(true);
  await vi.waitUntil(() => next.depth === 0, 20_000);
  return ledger;
}

describe("a batch under way when its process ends", () => {
  it("stands twice where the next one does not look: the protection is off", async () => {
    expect(await copies(await endAndTakeOver({}))).toEqual([1, ...twice60]);
  });

  it("stands once where the next one looks it up", async () => {
    const ledger = await endAndTakeOver({ findBeforeResend: true });
    expect(await copies(ledger)).toEqual([...once60, 1]);
  });
});

describe("the embedded ledger", () => {
  it("has each event once without looking: it knows them by their id", async () => {
    const ledger = await ledgerOf(standardSchema);
    const proxy = await proxyTo(ledger, lostOnce);
    const processor = processorOf(exporterTo(proxy, ledger, {}));
    for (const each of records(60)) processor.onEmit(each);
    expect(await processor.settle({ timeoutMillis: 20_000, urgent: true })).toBe(true);
    expect(await copies(ledger)).toEqual(once60);
  });
});
