import { writeSync } from "node:fs";
import { parentPort, Worker } from "node:worker_threads";
import { logs } from "@opentelemetry/api";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { register } from "../../../../dist/instrumentation.js";
import { auditProcessor } from "../../../../dist/src/otel.js";
import { emit } from "../../../../dist/src/telemetry/logger.js";
import { sampleRecord } from "../sample-record.ts";

/** Emits a few records by the app's own OpenTelemetry, and ends in one of several ways. */
const [run = "", ending = "", count = "0"] = process.argv.slice(2);
const accepted = 1 + Number(count);

function emitAll(of: string): void {
  for (let n = 1; n < accepted; n += 1) emit(sampleRecord(of, n));
}

/** As an app does that has a LoggerProvider of its own; configured by the environment. */
function setUp(processors = 1): LoggerProvider {
  const provider = new LoggerProvider({
    processors: Array.from({ length: processors }, () => auditProcessor()),
  });
  logs.setGlobalLoggerProvider(provider);
  return provider;
}

const endings: Record<string, () => unknown> = {
  "process.exit()": () => process.exit(),
  "running dry": () => {},
  "an uncaught exception": () => {
    throw new Error("This was to be uncaught.");
  },
  "an unhandled rejection": () => {
    void Promise.reject(new Error("This was to be unhandled."));
  },
  "SIGTERM without a handler": () => {
    setInterval(() => {}, 1e6);
    process.kill(process.pid, "SIGTERM");
  },
  "SIGTERM with a handler that exits": () => {
    setInterval(() => {}, 1e6);
    process.once("SIGTERM", () => process.exit(143));
    process.kill(process.pid, "SIGTERM");
  },
  SIGKILL: () => process.kill(process.pid, "SIGKILL"),
};

const lives: Record<string, () => Promise<void>> = {
  // Both take each record; the ledger knows it again.
  "two processors": async () => {
    const provider = setUp(2);
    emitAll(run);
    await provider.forceFlush();
  },
  "two providers, one after the other": async () => {
    setUp();
    emitAll(run);
    logs.disable();
    const second = setUp();
    emitAll(`${run}b`);
    await second.forceFlush();
  },
  "register, twice": async () => {
    await Promise.all([register(), register()]);
    emitAll(run);
    await (logs.getLoggerProvider() as LoggerProvider).forceFlush();
  },
  "a worker thread that is terminated": async () => {
    setUp();
    emitAll(run);
    const worker = new Worker(new URL(import.meta.url), {
      argv: [`${run}b`, "in a worker", count],
    });
    await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
  },
  "in a worker": async () => {
    setUp();
    emitAll(run);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    parentPort?.postMessage("accepted");
    setInterval(() => {}, 1e6);
  },
};

const live = lives[ending];
if (live === undefined) {
  setUp();
  emitAll(run);
} else {
  await live();
}
writeSync(1, "accepted\n");
endings[ending]?.();
