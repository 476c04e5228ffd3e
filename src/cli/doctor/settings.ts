import type { AuthlogConfig } from "../../setup/config.ts";
import { namedSettings } from "../../setup/setting.ts";

/** A setting as it can be shown to anybody. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string | number | boolean | null;
  /** `default`, `environment`, or the `.env` file that it stands in. */
  readonly source: string;
}

/**
 * Texts that are no secret. What is not named here is masked, so that a setting that is new, or that
 * somebody put a token into, is not shown by oversight.
 */
const shown: ReadonlySet<string> = new Set([
  "domain",
  "configId",
  "deadLetterPath",
  "durability",
  "journal.dir",
  "journal.onFull",
  "ledgerPath",
  "pseudonymize",
  "signingKeyFile",
  "tenantId",
]);

/** Which variable a setting is read from, as far as its name in the report does not tell. */
const variables: Readonly<Record<string, string | readonly string[]>> = {
  enabled: "AUTHLOG_ENABLED",
  tracing: "AUTHLOG_TRACING",
  banner: "AUTHLOG_BANNER",
  resource: ["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"],
  token: "PANGEA_TOKEN",
  domain: "PANGEA_DOMAIN",
  baseUrlTemplate: "PANGEA_BASE_URL_TEMPLATE",
  configId: "PANGEA_AUDIT_CONFIG_ID",
  ledgerPath: "AUTHLOG_LEDGER_PATH",
  ledgerPort: "AUTHLOG_LEDGER_PORT",
  "batch.maxQueueSize": "OTEL_BLRP_MAX_QUEUE_SIZE",
  "batch.maxExportBatchSize": "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
  "batch.scheduledDelayMillis": "OTEL_BLRP_SCHEDULE_DELAY",
  "batch.exportTimeoutMillis": "OTEL_BLRP_EXPORT_TIMEOUT",
  tenantId: "PANGEA_AUDIT_TENANT_ID",
  findBeforeResend: "AUTHLOG_FIND_BEFORE_RESEND",
  readToken: "AUTHLOG_READ_TOKEN",
  maxInFlight: "AUTHLOG_MAX_IN_FLIGHT",
  maxRequestBytes: "AUTHLOG_MAX_REQUEST_BYTES",
  "retry.initialBackoffMillis": "AUTHLOG_RETRY_INITIAL_BACKOFF",
  "retry.maxBackoffMillis": "AUTHLOG_RETRY_MAX_BACKOFF",
  "retry.giveUpAfter": "AUTHLOG_RETRY_GIVE_UP_AFTER",
  durability: "AUTHLOG_DURABILITY",
  "journal.dir": "AUTHLOG_JOURNAL_DIR",
  "journal.maxBytes": "AUTHLOG_JOURNAL_MAX_BYTES",
  "journal.onFull": "AUTHLOG_JOURNAL_ON_FULL",
  schema: "AUTHLOG_SCHEMA",
  signingKeyFile: "AUTHLOG_SIGNING_KEY_FILE",
  deadLetterPath: "AUTHLOG_DEAD_LETTER_PATH",
  pseudonymKeys: "AUTHLOG_PSEUDONYM_KEY",
  pseudonymize: "AUTHLOG_PSEUDONYMIZE",
  clientAddress: ["AUTHLOG_CLIENT_ADDRESS_HEADER", "AUTHLOG_TRUSTED_PROXIES"],
  "requestEnd.timeoutMillis": "AUTHLOG_REQUEST_END_TIMEOUT",
  "requestEnd.blocks": "AUTHLOG_REQUEST_END_BLOCKS",
  sessionRead: "AUTHLOG_SESSION_READ",
};

/** Every setting of a configuration with its source, secrets masked. */
export function settingsOf(
  config: AuthlogConfig,
  files: ReadonlyMap<string, string>,
): ShownSetting[] {
  const { schema } = config;
  return namedSettings(config).map(([name, { value, source }]) => ({
    name,
    value: name === "schema" ? schema.value.name : masked(name, value),
    source: (source === "environment" && fileOf(name, files)) || source,
  }));
}

function fileOf(name: string, files: ReadonlyMap<string, string>): string | undefined {
  const file = [variables[name] ?? []].flat().find((variable) => files.has(variable));
  return file === undefined ? undefined : files.get(file);
}

function masked(name: string, value: unknown): ShownSetting["value"] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return null;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (shown.has(name) && Array.isArray(value)) return value.join(", ");
  if (typeof value !== "string") return "set";
  if (name === "baseUrlTemplate") return withoutSecrets(value);
  return shown.has(name) ? value : `set, ${value.length} characters`;
}

/** Host and path of a URL: what else it carries can be a password. */
function withoutSecrets(template: string): string {
  const [, scheme, place] = /^(https?:\/\/)(?:[^/@]*@)?([^?#]*)/i.exec(template) ?? [];
  return scheme === undefined || place?.includes("@") === true
    ? "set, but no URL"
    : `${scheme}${place}`;
}
