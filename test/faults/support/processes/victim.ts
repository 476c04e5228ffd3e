import { openSync, writeSync } from "node:fs";
import { AuditLogRecordProcessor } from "../../../../dist/src/delivery/audit-log-record-processor.js";
import { systemClock } from "../../../../dist/src/delivery/clock.js";
import type { DeliveringExporter } from "../../../../dist/src/telemetry/exporter.js";
import { sampleRecord } from "../sample-record.ts";

/**
 * Takes over what the dead left in a journal, adds records of its own, delivers all of it and ends,
 * or leaves some of it. What it did stands in its notes: issued, accepted, delivered.
 */
const [journal = "", run = "", notesFile = "", count = "0", leaves = ""] = process.argv.slice(2);
const notes = openSync(notesFile, "a");
const note = (text: string): void => void writeSync(notes, `${text}\n`);

let isDown = leaves === "all";
const exporter: DeliveringExporter = {
  async deliver(records) {
    if (isDown) await new Promise(() => {});
    for (const { attributes } of records) note(`d ${String(attributes["log.record.uid"])}`);
    return { status: "delivered" };
  },
  export: () => {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
const processor = new AuditLogRecordProcessor(
  {
    exporter,
    journal: { dir: journal },
    maxQueueSize: 8,
    maxExportBatchSize: 4,
    scheduledDelayMillis: 0,
  },
  { clock: systemClock, tuning: { segmentBytes: 6000 } },
);
for (let n = 1; n <= Number(count); n += 1) {
  note(`i ${run}.${n}`);
  processor.take(sampleRecord(run, n));
  note(`a ${run}.${n}`);
  if (n % 5 === 0) await new Promise(setImmediate);
}
if (leaves === "all") process.kill(process.pid, "SIGKILL");
while (processor.depth > 4) await new Promise(setImmediate);
// The last few stay, for the lane to be released and not cleared away.
isDown = leaves === "some";
if (!isDown) await processor.forceFlush();
await processor.shutdown({ timeoutMillis: isDown ? 1 : 5000 });
