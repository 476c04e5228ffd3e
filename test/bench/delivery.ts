import { OTLPLogExporter as OtlpJson } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as OtlpProto } from "@opentelemetry/exporter-logs-otlp-proto";
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
} from "@opentelemetry/sdk-logs";
import { AuditService, PangeaConfig } from "pangea-node-sdk";
import { canonicalJson } from "../../dist/src/canonical/canonical-json.js";
import {
  type AuditEvent,
  AuditLogRecordProcessor,
  PangeaLogRecordExporter,
  standardSchema,
} from "../../dist/src/otel.js";
import { toLogRecord } from "../../dist/src/event/to-log-record.js";
import { type Contender, type Figures, interleave } from "./measure.ts";
import { signInEvent } from "./sample-events.ts";

/** Where to send to. */
export interface Target {
  url: string;
  token: string;
}

/** How fast events reach a receiver, in events a second, beside the SDK's own bulk call. */
export async function measureDelivery(
  { url, token }: Target,
  batch: number,
  events: number,
  { otlp = false }: { otlp?: boolean } = {},
): Promise<Figures[]> {
  const exporter = new PangeaLogRecordExporter({ token, baseUrlTemplate: url });
  const processor = (maxInFlight: number): Contender => ({
    name: `authlog: processor and exporter, batches of ${batch}, ${maxInFlight} in flight`,
    unit: "events/s",
    sample: () => throughProcessor(exporter, maxInFlight, batch, events),
  });
  const official = (encoding: string, Exporter: typeof OtlpProto | typeof OtlpJson): Contender => ({
    name: `OTLP over HTTP/${encoding}: stock batch processor and official exporter, batches of ${batch}`,
    unit: "events/s",
    sample: () => throughOtlp(new Exporter({ url: `${url}/v1/logs` }), batch, events),
  });
  const figures = await interleave(
    [
      {
        name: `pangea-node-sdk: logBulk of the same records, mapped, ${batch} a call, one by one`,
        unit: "events/s",
        sample: () => bareBulk(url, token, batch, events),
      },
      processor(4),
      processor(1),
      ...(otlp ? [official("protobuf", OtlpProto), official("JSON", OtlpJson)] : []),
    ],
    7,
  );
  await exporter.shutdown();
  return figures;
}

let made = 0;

/** A record with an identity of its own: a ledger answers one that it knows with its first answer. */
function nextRecord(): ReturnType<typeof toLogRecord> {
  made += 1;
  const uid = `${process.pid}-${made}`;
  return toLogRecord(signInEvent(), { uid, producerId: "bench", sequence: made });
}

async function throughProcessor(
  exporter: PangeaLogRecordExporter,
  maxInFlight: number,
  batch: number,
  events: number,
): Promise<number> {
  const records = Array.from({ length: events }, nextRecord);
  const processor = new AuditLogRecordProcessor({
    durability: "memory",
    exporter,
    maxQueueSize: events,
    maxExportBatchSize: batch,
    maxInFlight,
  });
  const start = performance.now();
  for (const record of records) processor.take(record);
  await processor.forceFlush();
  const seconds = (performance.now() - start) / 1000;
  if (processor.depth > 0 || processor.dropped > 0)
    throw new Error("Not everything was delivered.");
  return events / seconds;
}

/** The same records, emitted to a provider as authlog emits them, and exported as OTLP. */
async function throughOtlp(
  exporter: LogRecordExporter,
  batch: number,
  events: number,
): Promise<number> {
  let failures = 0;
  const processor = new BatchLogRecordProcessor({
    exporter: {
      export: (records, done) =>
        exporter.export(records, (result) => {
          if (result.error !== undefined) failures += 1;
          done(result);
        }),
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
    },
    maxQueueSize: events,
    maxExportBatchSize: batch,
  });
  const provider = new LoggerProvider({ processors: [processor] });
  const logger = provider.getLogger("authlog");
  const records = Array.from({ length: events }, nextRecord);
  const start = performance.now();
  for (const { timeUnixMillis, remoteSpan: _, ...record } of records) {
    logger.emit({ ...record, timestamp: timeUnixMillis });
  }
  await provider.forceFlush();
  const seconds = (performance.now() - start) / 1000;
  await provider.shutdown();
  if (failures > 0) throw new Error("Not everything was delivered.");
  return events / seconds;
}

/** The very events that authlog would send, mapped as it maps them. */
async function bareBulk(
  url: string,
  token: string,
  batch: number,
  events: number,
): Promise<number> {
  const service = new AuditService(token, new PangeaConfig({ baseUrlTemplate: url }));
  const records = Array.from({ length: events }, nextRecord);
  const start = performance.now();
  for (let from = 0; from < events; from += batch) {
    await service.logBulk(records.slice(from, from + batch).map(toEvent), {
      skipEventVerification: true,
    });
  }
  return events / ((performance.now() - start) / 1000);
}

function toEvent(record: ReturnType<typeof toLogRecord>): AuditEvent {
  const mapped = standardSchema.toEvent(record, { canonicalize: canonicalJson });
  if (!mapped.ok) throw mapped.cause;
  return mapped.event;
}
