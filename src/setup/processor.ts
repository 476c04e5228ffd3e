import { AuditLogRecordProcessor } from "../delivery/audit-log-record-processor.ts";
import { deadLetterFile } from "../delivery/dead-letter.ts";
import type { Durability } from "../delivery/journal/journal-options.ts";
import { sqliteFault } from "../files/kernel-lock.ts";
import { noteActivity } from "../slot.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { DeliveringExporter } from "../telemetry/exporter.ts";
import { getSlot } from "../slot.ts";
import type { LogRecordExporter } from "../telemetry/exporter.ts";
import { installCaptureSettings } from "./capture-settings.ts";
import type { AuthlogOptions } from "./authlog-options.ts";
import { publishAppState, type SetUpBy } from "./app-state.ts";
import { announce } from "./banner.ts";
import { type AuthlogConfig, resolveConfig } from "./config.ts";
import { openDestination } from "./destination.ts";
import { reportProblems } from "./report-problems.ts";

/**
 * The processor that an existing OpenTelemetry set-up is given, configured like `register()`.
 *
 * Sends to Pangea, or to whatever speaks its API at `baseUrlTemplate`. Without a token it starts the
 * embedded ledger, or joins the one that runs; in production the events wait, and a diagnostic says so.
 *
 * @example
 * new NodeSDK({ logRecordProcessors: [otlpBatch, auditProcessor()] }).start();
 * @example
 * auditProcessor({ includes: ({ eventName }) => eventName?.startsWith("billing.") === true });
 */
export function auditProcessor(options: AuthlogOptions = {}): AuditLogRecordProcessor {
  const config = resolveConfig(options);
  if (!config.building) reportProblems(config.problems);
  // During `next build` nothing happens that is to be recorded, and nothing is to be started for it.
  if (config.building) return new SwitchedOff();
  if (!config.enabled.value) {
    getSlot().enabled = false;
    return new SwitchedOff();
  }
  // The variable alone may have said otherwise.
  if (config.enabled.source === "code") getSlot().enabled = true;
  installCaptureSettings(config);
  noteActivity({ provider: "app" });
  return openProcessor(config, "auditProcessor");
}

/** A processor with its destination, which the console and the doctor learn of. */
export function openProcessor(config: AuthlogConfig, setUpBy: SetUpBy): AuditLogRecordProcessor {
  const destination = openDestination(config);
  void destination
    .ready()
    .then((isReady) => isReady && announce(config, destination.place))
    // A console that the app has replaced, and that throws.
    .catch(() => {});
  return createProcessor(config, publishAppState(config, setUpBy, destination));
}

/** A processor as configured. Records still queued when the process runs dry are flushed. */
function createProcessor(
  config: AuthlogConfig,
  exporter: DeliveringExporter,
): AuditLogRecordProcessor {
  const { maxQueueSize, maxExportBatchSize, scheduledDelayMillis, exportTimeoutMillis } =
    config.batch;
  const processor = new AuditLogRecordProcessor({
    exporter,
    includes: config.includes.value,
    maxQueueSize: maxQueueSize.value,
    maxExportBatchSize: maxExportBatchSize.value,
    scheduledDelayMillis: scheduledDelayMillis.value,
    exportTimeoutMillis: exportTimeoutMillis.value,
    maxInFlight: config.maxInFlight.value,
    retry: {
      initialBackoffMillis: config.retry.initialBackoffMillis.value,
      maxBackoffMillis: config.retry.maxBackoffMillis.value,
      giveUpAfter: config.retry.giveUpAfter.value,
    },
    durability: supportedDurability(config),
    journal: {
      dir: config.journal.dir.value,
      maxBytes: config.journal.maxBytes.value,
      onFull: config.journal.onFull.value,
    },
    deadLetters: deadLetterFile({ path: config.deadLetterPath.value }),
  });
  // The delay's timer does not keep the process alive, so that a script can end.
  listenUntilEnded(processor, "beforeExit", () => void processor.runDry());
  listenUntilEnded(processor, "exit", () => processor.end());
  return processor;
}

/** Without SQLite there are no locks, and so no journal. */
function supportedDurability({ durability: { value } }: AuthlogConfig): Durability {
  const fault = value === "memory" ? undefined : sqliteFault();
  if (fault === undefined) return value;
  report(fault);
  return "memory";
}

/** Listens once to the end of the process, as long as the processor has not ended. */
export function listenUntilEnded(
  processor: AuditLogRecordProcessor,
  event: "beforeExit" | "exit",
  listener: () => void,
): void {
  process.once(event, listener);
  void processor.ended.then(() => process.off(event, listener));
}

const idle: LogRecordExporter = {
  export() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/** Takes the place of a processor while authlog is switched off: it takes nothing and starts nothing. */
class SwitchedOff extends AuditLogRecordProcessor {
  constructor() {
    super({ exporter: idle, durability: "memory" });
  }

  override onEmit(): void {}
}
