import { AuditService, PangeaConfig } from "pangea-node-sdk";
import { AuditLogRecordProcessor, PangeaLogRecordExporter } from "../../dist/src/otel.js";
import { toLogRecord } from "../../dist/src/event/to-log-record.js";
import { type Figures, interleave } from "./measure.ts";
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
): Promise<Figures[]> {
  const exporter = new PangeaLogRecordExporter({ token, baseUrlTemplate: url });
  const figures = await interleave(
    [
      {
        name: `pangea-node-sdk: logBulk of ${batch}, awaited one by one`,
        unit: "events/s",
        sample: () => bareBulk(url, token, batch, events),
      },
      {
        name: `authlog: processor and exporter, batches of ${batch}`,
        unit: "events/s",
        sample: () => throughProcessor(exporter, batch, events),
      },
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
  batch: number,
  events: number,
): Promise<number> {
  const records = Array.from({ length: events }, nextRecord);
  const processor = new AuditLogRecordProcessor({
    exporter,
    maxQueueSize: events,
    maxExportBatchSize: batch,
  });
  const start = performance.now();
  for (const record of records) processor.take(record);
  await processor.forceFlush();
  const seconds = (performance.now() - start) / 1000;
  if (processor.depth > 0 || processor.dropped > 0)
    throw new Error("Not everything was delivered.");
  return events / seconds;
}

/** The same facts as the events that the standard schema makes, ready before the clock starts. */
async function bareBulk(
  url: string,
  token: string,
  batch: number,
  events: number,
): Promise<number> {
  const service = new AuditService(token, new PangeaConfig({ baseUrlTemplate: url }));
  const ready = Array.from({ length: events }, () => {
    const { body, attributes } = nextRecord();
    return {
      message: body,
      actor: "5f0c2a",
      action: "auth.sign_in",
      target: "alice@example.com",
      status: "success",
      source: "203.0.113.9",
      timestamp: new Date().toISOString(),
      new: JSON.stringify(attributes),
    };
  });
  const start = performance.now();
  for (let from = 0; from < events; from += batch) {
    await service.logBulk(ready.slice(from, from + batch), { skipEventVerification: true });
  }
  return events / ((performance.now() - start) / 1000);
}
