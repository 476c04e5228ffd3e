import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { AuthlogError } from "../../errors.ts";
import { resolveDestination } from "../../pangea/destination.ts";
import type { AuthlogConfig } from "../../setup/config.ts";
import { exporterTo, pangeaExporter } from "../../setup/destination.ts";
import type { DeliveringExporter } from "../../telemetry/exporter.ts";

/** Where dead letters are sent to. */
export interface OpenDestination {
  /** For people: the host of the audit log, or the ledger's file. */
  readonly name: string;
  readonly exporter: DeliveringExporter;
  readonly close: () => Promise<void>;
}

const ledgerPathDefault = ".authlog/ledger.db";

/**
 * Opens what `register` would send to: with no token, outside production, the embedded ledger; but
 * only one that is there. A shell often lacks the app's environment, and in a new ledger the letters
 * would be lost to the log that they belong to.
 *
 * @throws AuthlogError `ERR_AUTHLOG_TOKEN_MISSING`, and those of the URL or of the ledger
 */
export async function openDestination(config: AuthlogConfig): Promise<OpenDestination> {
  const { token, domain, baseUrlTemplate, production } = config;
  if (token.value === undefined) return openLedger(config, production);
  const template = resolveDestination({
    domain: domain.value,
    baseUrlTemplate: baseUrlTemplate.value,
  });
  const { host } = new URL(template.replace("{SERVICE_NAME}", "audit"));
  const exporter = pangeaExporter(config);
  return { name: host, exporter, close: () => exporter.shutdown() };
}

async function openLedger(config: AuthlogConfig, production: boolean): Promise<OpenDestination> {
  const { schema, ledgerPath, ledgerPort } = config;
  const path = resolve(ledgerPath.value ?? ledgerPathDefault);
  if (production || !existsSync(path)) throw tokenMissing(path, production);
  // Loaded where it is needed: SQLite and a server.
  const { startLedger } = await import("../../ledger-server/start-ledger.ts");
  const ledger = await startLedger({
    schema: schema.value,
    path,
    ...(ledgerPort.value !== undefined && { port: ledgerPort.value }),
  });
  const exporter = exporterTo(config, { token: ledger.token, baseUrlTemplate: ledger.url });
  const close = async (): Promise<void> => {
    await exporter.shutdown();
    await ledger.close();
  };
  return { name: path, exporter, close };
}

function tokenMissing(path: string, production: boolean): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_TOKEN_MISSING", {
    message: "There is no token: no dead letter was sent.",
    why: production
      ? "PANGEA_TOKEN is not set here, and in production nothing goes to the embedded ledger."
      : `PANGEA_TOKEN is not set here, and there is no embedded ledger in ${path}.`,
    fix: production
      ? "Run it with the app's own environment, or set PANGEA_TOKEN."
      : "Run it with the app's own environment, in the app's folder; or set PANGEA_TOKEN, or AUTHLOG_LEDGER_PATH to the ledger that the app writes to.",
  });
}
