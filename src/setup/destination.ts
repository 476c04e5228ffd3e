import type * as LedgerModule from "authlog/ledger";
import { AuthlogError } from "../errors.ts";
import { resolveDestination } from "../pangea/destination.ts";
import {
  type PangeaExporterOptions,
  PangeaLogRecordExporter,
} from "../pangea/pangea-log-record-exporter.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { DeliveringExporter } from "../telemetry/exporter.ts";
import type { AuthlogConfig } from "./config.ts";
import { loadInstalled } from "./installed-package.ts";
import { type Ledger, ledgerExporter, type LedgerExporter } from "./ledger-exporter.ts";
import { setupFailed } from "./report-problems.ts";

/** Where events go. */
export type Place =
  /** The embedded ledger, by its file. */
  | { readonly kind: "ledger"; readonly path: string }
  /** Pangea, or what speaks its API, by its origin. */
  | { readonly kind: "remote"; readonly url: string }
  /** Nowhere: there is no token, or a URL that it must not be sent to. Events wait. */
  | { readonly kind: "none" };

/** An open destination. */
export interface OpenDestination {
  readonly exporter: DeliveringExporter;
  readonly place: Place;
  /**
   * Makes it ready, and reports what keeps it from that now, not at the first event. Never rejects.
   *
   * @returns whether it can take events, as far as that is known before the first
   */
  ready(): Promise<boolean>;
}

/**
 * Opens where the configuration says that events go: to Pangea, or what speaks its API, where there
 * is a token; else, outside production, to the embedded ledger, which is then started, or joined.
 */
export function openDestination(config: AuthlogConfig): OpenDestination {
  const { token, production } = config;
  if (token.value === undefined && !production) return openLedger(config);
  const place = placeOf(config);
  return {
    exporter: pangeaExporter(config),
    place,
    ready() {
      if (token.value === undefined) report(tokenMissing());
      return Promise.resolve(place.kind === "remote");
    },
  };
}

function openLedger(config: AuthlogConfig): OpenDestination {
  const { schema, ledgerPath, ledgerPort } = config;
  // Not imported: Next.js would trace the whole project for a path that it cannot know.
  const path = process
    .getBuiltinModule("node:path")
    .resolve(ledgerPath.value ?? ".authlog/ledger.db");
  const start = async (): Promise<Ledger> => {
    // Bundlers would have to pack SQLite and a worker.
    const ledger = loadInstalled("authlog/ledger") as typeof LedgerModule | undefined;
    if (ledger === undefined) throw new Error("The package authlog is not beside the app.");
    return ledger.startLedger({
      path,
      schema: schema.value,
      ...(ledgerPort.value !== undefined && { port: ledgerPort.value }),
    });
  };
  const exporter = ledgerExporter(start, ({ token, url }) =>
    exporterTo(config, { token, baseUrlTemplate: url }),
  );
  return { exporter, place: { kind: "ledger", path }, ready: () => isReady(exporter) };
}

/** In a turn of its own: loading SQLite and a server takes longer than all else at the start. */
async function isReady(exporter: LedgerExporter): Promise<boolean> {
  await new Promise(setImmediate);
  try {
    return await exporter.ready();
  } catch (cause) {
    report(setupFailed(cause));
    return false;
  }
}

function placeOf({ token, domain, baseUrlTemplate }: AuthlogConfig): Place {
  try {
    const template = resolveDestination({
      domain: domain.value,
      baseUrlTemplate: baseUrlTemplate.value,
    });
    if (token.value === undefined) return { kind: "none" };
    return { kind: "remote", url: new URL(template.replace("{SERVICE_NAME}", "audit")).origin };
  } catch {
    // The exporter says why, at each delivery.
    return { kind: "none" };
  }
}

/** The exporter to where the configuration says, with or without a token. */
export function pangeaExporter(config: AuthlogConfig): DeliveringExporter {
  const { token, domain, baseUrlTemplate } = config;
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

function tokenMissing(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_TOKEN_MISSING", {
    message: "There is no token: audit events wait, and are delivered nowhere.",
    why: "PANGEA_TOKEN is not set, and in production authlog starts no ledger by itself.",
    fix: "Set PANGEA_TOKEN (and PANGEA_DOMAIN); or run `npx authlog serve`, and set PANGEA_BASE_URL_TEMPLATE to the URL that it prints and PANGEA_TOKEN to the content of the append token's file, which it names.",
  });
}
