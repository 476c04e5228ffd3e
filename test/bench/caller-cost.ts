import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logs } from "@opentelemetry/api";
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import { AuditService, PangeaConfig } from "pangea-node-sdk";
import { emitEvent } from "../../dist/src/capture/emit-event.js";
import { AuditLogRecordProcessor } from "../../dist/src/otel.js";
import { type Figures, interleave } from "./measure.ts";
import { nullExporter } from "./null-exporter.ts";
import { signInEvent, stockRecord } from "./sample-events.ts";

const events = 2000;

/** What one event costs the code that makes it, in microseconds. */
export async function measureCallerCost(receiverUrl: string): Promise<Figures[]> {
  const folder = await mkdtemp(join(tmpdir(), "authlog-bench-caller-"));
  const queue = {
    maxQueueSize: 1_000_000,
    maxExportBatchSize: 512,
    scheduledDelayMillis: 3_600_000,
  };
  const figures = await interleave(
    [
      {
        name: "stock batch processor: Logger.emit of a record with as many attributes",
        unit: "µs",
        sample: () =>
          perEvent(new BatchLogRecordProcessor({ exporter: nullExporter, ...queue }), () => {
            logs.getLogger("stock").emit(stockRecord());
          }),
      },
      ...(["memory", "process", "disk"] as const).map((durability) => ({
        name: `authlog at ${durability}: a captured event, from AuthEvent to kept`,
        unit: "µs",
        sample: () =>
          perEvent(
            new AuditLogRecordProcessor({
              exporter: nullExporter,
              ...queue,
              durability,
              journal: { dir: join(folder, durability) },
            }),
            () => {
              emitEvent(signInEvent());
            },
          ),
      })),
      {
        name: "the tutorial: one awaited call of the SDK, receiver on loopback",
        unit: "µs",
        sample: () => awaitedCalls(receiverUrl),
      },
    ],
    15,
  );
  await rm(folder, { recursive: true });
  return figures;
}

/** Emits a burst to a provider of its own, and drains it outside of the measurement. */
async function perEvent(processor: LogRecordProcessor, emitOne: () => void): Promise<number> {
  const provider = new LoggerProvider({ processors: [processor] });
  logs.setGlobalLoggerProvider(provider);
  const start = process.hrtime.bigint();
  for (let n = 0; n < events; n += 1) emitOne();
  const nanos = Number(process.hrtime.bigint() - start);
  logs.disable();
  await provider.shutdown();
  return nanos / 1000 / events;
}

async function awaitedCalls(url: string): Promise<number> {
  const calls = 50;
  const audit = new AuditService("pts_bench", new PangeaConfig({ baseUrlTemplate: url }));
  const start = process.hrtime.bigint();
  for (let n = 0; n < calls; n += 1) {
    await audit.log({ message: "User logged in", actor: "alice@example.com", action: "login" });
  }
  return Number(process.hrtime.bigint() - start) / 1000 / calls;
}
