import { openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate, setTimeout } from "node:timers/promises";
import { AuditLogRecordProcessor } from "../../../../dist/src/delivery/audit-log-record-processor.js";
import { systemClock } from "../../../../dist/src/delivery/clock.js";
import { PangeaLogRecordExporter } from "../../../../dist/src/pangea/pangea-log-record-exporter.js";
import { getSlot } from "../../../../dist/src/slot.js";
import type { EmitterConfig } from "../emitter-process.ts";
import { sampleRecord } from "../sample-record.ts";

/**
 * Emits records until it is killed, or told to end. Says `ready` once everything is loaded, and starts
 * when it is told so: what a test kills is then at work, and not at loading.
 */
const config = JSON.parse(process.argv[2] ?? "") as EmitterConfig;
await import("pangea-node-sdk");

const tell = (word: string): void => void writeSync(1, `${word}\n`);
getSlot().onDiagnostic = ({ code, why }) => tell(`diagnostic ${code} ${why}`);
const lines = createInterface({ input: process.stdin });
const commands = lines[Symbol.asyncIterator]();
// Whoever started this is gone.
process.stdin.once("end", () => process.exit());
tell(`ready ${process.pid}`);
await commands.next();

const notes = openSync(config.notes, "a");
const exporter = new PangeaLogRecordExporter({ token: config.token, baseUrlTemplate: config.url });
const deliver = exporter.deliver.bind(exporter);
exporter.deliver = async (records, signal) => {
  const outcome = await deliver(records, signal);
  if (outcome.status === "delivered") tell("delivered");
  return outcome;
};
const processor = new AuditLogRecordProcessor(
  {
    exporter,
    durability: config.durability,
    journal: { dir: config.journal },
    maxQueueSize: config.maxQueueSize,
    maxExportBatchSize: config.maxExportBatchSize,
    scheduledDelayMillis: 5,
    retry: { initialBackoffMillis: 20, maxBackoffMillis: 100 },
  },
  {
    clock: systemClock,
    tuning: { segmentBytes: config.segmentBytes, adoptionMillis: config.adoptionMillis },
  },
);

const stop = new AbortController();
/** As fast as it can up to `count`, then one a millisecond: there is always something under way. */
const emitting = (async () => {
  for (let n = 1; !stop.signal.aborted && (n <= config.count || config.goesOn); n += 1) {
    writeSync(notes, `i ${n}\n`);
    processor.take(sampleRecord(config.run, n));
    writeSync(notes, `a ${n}\n`);
    if (n === config.count) tell("counted");
    await (n < config.count ? setImmediate() : setTimeout(1));
  }
})();

/** Kept alive by this, not by the processor. */
const alive = setInterval(() => {}, 1e6);

for (let { value } = await commands.next(); value !== "end"; { value } = await commands.next()) {
  stop.abort();
  await emitting;
  while (processor.depth > 0) {
    await processor.settle({ timeoutMillis: 50, urgent: false });
    await setTimeout(5);
  }
  tell("drained");
}
stop.abort();
await emitting;
await processor.shutdown();
clearInterval(alive);
process.stdin.destroy();
