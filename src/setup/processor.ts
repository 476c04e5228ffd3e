import { AuditLogRecordProcessor } from "../delivery/audit-log-record-processor.ts";
import { deadLetterFile } from "../delivery/dead-letter.ts";
import type { Durability } from "../delivery/journal/journal-options.ts";
import { AuthlogError } from "../errors.ts";
import { sqliteFault } from "../files/kernel-lock.ts";
import {
  type PangeaExporterOptions,
  PangeaLogRecordExporter,
} from "../pangea/pangea-log-record-exporter.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { DeliveringExporter } from "../telemetry/exporter.ts";
import { installCaptureSettings } from "./capture-settings.ts";
import type { AuthlogOptions } from "./authlog-options.ts";
import { type AuthlogConfig, resolveConfig } from "./config.ts";
import { reportProblems } from "./report-problems.ts";

/**
 * The processor that an existing OpenTelemetry set-up is given, configured like `register()`.
 *
 * Sends to Pangea, or to whatever speaks its API at `baseUrlTemplate`. Without a token the events
 * wait in the queue, and a diagnostic says so; only `register()` starts the embedded ledger.
 *
 * @example
 * new NodeSDK({ logRecordProcessors: [otlpBatch, auditProcessor()] }).start();
 */
export function auditProcessor(options: AuthlogOptions = {}): AuditLogRecordProcessor {
  const config = resolveConfig(options);
  reportProblems(config.problems);
  installCaptureSettings(config);
  return createProcessor(config, pangeaExporter(config));
}

/** The exporter to where the configuration says, with or without a token. */
export function pangeaExporter(config: AuthlogConfig): DeliveringExporter {
  const { token, domain, baseUrlTemplate, production } = config;
  if (token.value === undefined) report(tokenMissing(production));
  return exporterTo(config, {
    token: token.value,
    domain: domain.value,
    baseUrlTemplate: baseUrlTemplate.value,
    findBeforeResend: config.findBeforeResend.value,
  });
}

/** Where a processor sends its records. */
export interface Destination {
  token: AuthlogConfig["token"]["value"];
  domain?: string | undefined;
  baseUrlTemplate?: string | undefined;
  /** The embedded ledger knows by itself what it has. */
  findBeforeResend?: boolean;
}

/** How much of the processor's time for one attempt the exporter has. */
const exporterShare = 0.9;

/** The exporter to one destination. */
export function exporterTo(
  config: AuthlogConfig,
  { token, domain, baseUrlTemplate, findBeforeResend }: Destination,
): DeliveringExporter {
  return createExporter({
    // An empty token is refused at each delivery, as retryable: nothing is lost until there is one.
    token: token ?? "",
    ...(domain !== undefined && { domain }),
    ...(baseUrlTemplate !== undefined && { baseUrlTemplate }),
    findBeforeResend,
    readToken: config.readToken.value,
    configId: config.configId.value,
    tenantId: config.tenantId.value,
    schema: config.schema.value,
    signingKeyFile: config.signingKeyFile.value,
    maxRequestBytes: config.maxRequestBytes.value,
    // Ends before the processor stops waiting for it, so that what became of the batch is known.
    timeoutMillis: Math.ceil(config.batch.exportTimeoutMillis.value * exporterShare),
  });
}

/** A processor as configured. Records still queued when the process runs dry are flushed. */
export function createProcessor(
  config: AuthlogConfig,
  exporter: DeliveringExporter,
): AuditLogRecordProcessor {
  const { maxQueueSize, maxExportBatchSize, scheduledDelayMillis, exportTimeoutMillis } =
    config.batch;
  const processor = new AuditLogRecordProcessor({
    exporter,
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
  process.once("beforeExit", () => void processor.runDry());
  process.once("exit", () => processor.end());
  return processor;
}

/** Without SQLite there are no locks, and so no journal. */
function supportedDurability({ durability: { value } }: AuthlogConfig): Durability {
  const fault = value === "memory" ? undefined : sqliteFault();
  if (fault === undefined) return value;
  report(fault);
  return "memory";
}

/** A destination that cannot be used never takes the app down: the events wait, and it is said. */
function createExporter(options: PangeaExporterOptions): DeliveringExporter {
  try {
    return new PangeaLogRecordExporter(options);
  } catch (error) {
    if (!AuthlogError.is(error)) throw error;
    return unusableExporter(error);
  }
}

/** Answers every delivery with the fault that keeps it from being made. */
function unusableExporter(cause: AuthlogError): DeliveringExporter {
  return {
    deliver: () => Promise.resolve({ status: "retryable", cause }),
    export: (_records, resultCallback) => resultCallback({ code: 1, error: cause }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

function tokenMissing(production: boolean): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_TOKEN_MISSING", {
    message: "There is no token: audit events wait, and are delivered nowhere.",
    why: production
      ? "PANGEA_TOKEN is not set, and in production authlog starts no ledger by itself."
      : "PANGEA_TOKEN is not set, and auditProcessor() starts no ledger by itself.",
    fix: "Set PANGEA_TOKEN (and PANGEA_DOMAIN); or run `npx authlog serve`, and set PANGEA_BASE_URL_TEMPLATE to the URL that it prints and PANGEA_TOKEN to what stands in the file of the append token that it names.",
  });
}
