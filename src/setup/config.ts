import type { AuditSchema } from "../audit-schema/audit-schema.ts";
import { standardSchema } from "../audit-schema/standard.ts";
import { AuthlogError } from "../errors.ts";
import { batchDefaults, type BatchOptions, maxInFlightDefault } from "../delivery/batch-options.ts";
import { deadLetterPathDefault } from "../delivery/dead-letter.ts";
import type { Includes } from "../delivery/select-records.ts";
import {
  type Durability,
  durabilityDefault,
  journalDefaults,
  type JournalOptions,
  type OnFull,
} from "../delivery/journal/journal-options.ts";
import { retryDefaults, type RetryOptions } from "../delivery/retry.ts";
import { maxRequestBytesDefault } from "../pangea/pangea-log-record-exporter.ts";
import type { AuthlogOptions } from "./authlog-options.ts";
import { type CaptureConfig, hiddenByMistake, resolveCapture } from "./capture-config.ts";
import { auditSchema } from "./schema-shape.ts";
import { type OtelDestinations, readOtelVariables } from "./otel-variables.ts";
import type { Setting, Shape } from "./setting.ts";
import { callback, flag, integer, oneOf, resourceAttributes, secret, text } from "./shapes.ts";
import {
  type SettingNames,
  unknownName,
  unknownOptions,
  unknownVariables,
} from "./unknown-names.ts";

/** Every setting, resolved. */
export interface AuthlogConfig extends CaptureConfig {
  readonly enabled: Setting<boolean>;
  readonly token: Setting<string | (() => string | Promise<string>) | undefined>;
  readonly domain: Setting<string | undefined>;
  readonly baseUrlTemplate: Setting<string | undefined>;
  readonly configId: Setting<string | undefined>;
  readonly tenantId: Setting<string | undefined>;
  readonly findBeforeResend: Setting<boolean>;
  readonly readToken: Setting<string | (() => string | Promise<string>) | undefined>;
  readonly batch: Readonly<Record<keyof BatchOptions, Setting<number>>>;
  readonly includes: Setting<Includes | undefined>;
  readonly maxInFlight: Setting<number>;
  readonly maxRequestBytes: Setting<number>;
  readonly retry: Readonly<Record<keyof RetryOptions, Setting<number>>>;
  readonly durability: Setting<Durability>;
  readonly journal: {
    readonly [Name in keyof JournalOptions]-?: Setting<Required<JournalOptions>[Name]>;
  };
  readonly schema: Setting<AuditSchema>;
  readonly signingKeyFile: Setting<string | undefined>;
  readonly deadLetterPath: Setting<string>;
  readonly ledgerPath: Setting<string | undefined>;
  readonly ledgerPort: Setting<number | undefined>;
  readonly tracing: Setting<boolean>;
  readonly banner: Setting<boolean>;
  /** Attributes of the resource that records have where `register` makes their provider. */
  readonly resource: Setting<Readonly<Record<string, string>>>;
  readonly production: boolean;
  /** Whether `next build` runs: nothing happens there that is to be recorded. */
  readonly building: boolean;
  /** Where OpenTelemetry's own variables say that telemetry goes. */
  readonly otel: OtelDestinations;
  /** Values that could not be used; the next source's was taken in their place. */
  readonly problems: readonly AuthlogError[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The longest delay that a timer of Node's can have. */
const longestTimerMillis = 2 ** 31 - 1;

const batchShapes: Readonly<Record<keyof BatchOptions, [variable: string, shape: Shape<number>]>> =
  {
    maxQueueSize: ["OTEL_BLRP_MAX_QUEUE_SIZE", integer(1, 10_000_000)],
    maxExportBatchSize: ["OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", integer(1, 10_000_000)],
    scheduledDelayMillis: ["OTEL_BLRP_SCHEDULE_DELAY", integer(0, longestTimerMillis)],
    exportTimeoutMillis: ["OTEL_BLRP_EXPORT_TIMEOUT", integer(1, longestTimerMillis)],
  };

const retryShapes: Readonly<Record<keyof RetryOptions, [variable: string, shape: Shape<number>]>> =
  {
    initialBackoffMillis: ["AUTHLOG_RETRY_INITIAL_BACKOFF", integer(1, longestTimerMillis)],
    maxBackoffMillis: ["AUTHLOG_RETRY_MAX_BACKOFF", integer(1, longestTimerMillis)],
    giveUpAfter: ["AUTHLOG_RETRY_GIVE_UP_AFTER", integer(1, 1_000_000)],
  };

/**
 * Resolves every setting: code before environment before default. A value that cannot be used never
 * takes the app down: it becomes one of `problems`, which name the setting and the mend, but not the
 * value, since it may be a secret in the wrong place.
 */
export function resolveConfig(
  given: AuthlogOptions = {},
  env: Environment = process.env,
): AuthlogConfig {
  const problems: AuthlogError[] = [];
  const names: SettingNames = { options: new Set(), variables: new Set() };

  function read<T, D>(
    name: string,
    fromCode: unknown,
    variable: string | undefined,
    shape: Shape<T>,
    fallback: D,
  ): Setting<T | D> {
    // What only a variable gives goes by the variable's name.
    if (name !== variable) names.options.add(name);
    if (variable !== undefined) names.variables.add(variable);
    const candidates = [
      { source: "code", name, raw: fromCode },
      // As OpenTelemetry's rules have it, an empty variable is one that is not set.
      { source: "environment", name: variable ?? "", raw: env[variable ?? ""] || undefined },
    ] as const;
    for (const { source, name: place, raw } of candidates) {
      if (raw === undefined) continue;
      const value = shape.parse(raw);
      if (value !== undefined)
        return source === "code" ? { value, source } : { value, source, variable: place };
      problems.push(invalid(place, raw, shape.description));
    }
    return { value: fallback, source: "default" };
  }

  const options = Object(given) as AuthlogOptions;
  const pangea = options.pangea ?? {};
  const batch = options.batch ?? {};
  const retry = options.retry ?? {};
  const journal = options.journal ?? {};
  const ledger = options.ledger ?? {};
  const readBatch = (name: keyof BatchOptions): Setting<number> =>
    read(`batch.${name}`, batch[name], ...batchShapes[name], batchDefaults[name]);
  const readRetry = (name: keyof RetryOptions): Setting<number> =>
    read(`retry.${name}`, retry[name], ...retryShapes[name], retryDefaults[name]);
  const maxQueueSize = readBatch("maxQueueSize");
  const maxExportBatchSize = readBatch("maxExportBatchSize");
  const otel = readOtelVariables(env);
  const production = env["NODE_ENV"] === "production";
  const fromVariable = read(
    "OTEL_RESOURCE_ATTRIBUTES",
    undefined,
    "OTEL_RESOURCE_ATTRIBUTES",
    resourceAttributes,
    {},
  );
  const service = env["OTEL_SERVICE_NAME"];
  const config = {
    ...resolveCapture(options, read, problems),
    enabled: read("enabled", options.enabled, "AUTHLOG_ENABLED", flag, true),
    token: read("pangea.token", pangea.token, "PANGEA_TOKEN", secret, undefined),
    domain: read("pangea.domain", pangea.domain, "PANGEA_DOMAIN", text, undefined),
    baseUrlTemplate: read(
      "pangea.baseUrlTemplate",
      pangea.baseUrlTemplate,
      "PANGEA_BASE_URL_TEMPLATE",
      text,
      undefined,
    ),
    configId: read("pangea.configId", pangea.configId, "PANGEA_AUDIT_CONFIG_ID", text, undefined),
    tenantId: read("pangea.tenantId", pangea.tenantId, "PANGEA_AUDIT_TENANT_ID", text, undefined),
    findBeforeResend: read(
      "pangea.findBeforeResend",
      pangea.findBeforeResend,
      "AUTHLOG_FIND_BEFORE_RESEND",
      flag,
      false,
    ),
    readToken: read("pangea.readToken", pangea.readToken, "AUTHLOG_READ_TOKEN", secret, undefined),
    includes: read("includes", options.includes, undefined, callback<Includes>(), undefined),
    maxInFlight: read(
      "maxInFlight",
      options.maxInFlight,
      "AUTHLOG_MAX_IN_FLIGHT",
      integer(1, 1_000),
      maxInFlightDefault,
    ),
    maxRequestBytes: read(
      "maxRequestBytes",
      options.maxRequestBytes,
      "AUTHLOG_MAX_REQUEST_BYTES",
      integer(1_024, 2 ** 31 - 1),
      maxRequestBytesDefault,
    ),
    retry: {
      initialBackoffMillis: readRetry("initialBackoffMillis"),
      maxBackoffMillis: readRetry("maxBackoffMillis"),
      giveUpAfter: readRetry("giveUpAfter"),
    },
    durability: read(
      "durability",
      options.durability,
      "AUTHLOG_DURABILITY",
      oneOf<Durability>(["process", "disk", "memory"]),
      durabilityDefault,
    ),
    journal: {
      dir: read("journal.dir", journal.dir, "AUTHLOG_JOURNAL_DIR", text, journalDefaults.dir),
      maxBytes: read(
        "journal.maxBytes",
        journal.maxBytes,
        "AUTHLOG_JOURNAL_MAX_BYTES",
        integer(1024 ** 2, Number.MAX_SAFE_INTEGER),
        journalDefaults.maxBytes,
      ),
      onFull: read(
        "journal.onFull",
        journal.onFull,
        "AUTHLOG_JOURNAL_ON_FULL",
        oneOf<OnFull>(["drop-newest", "drop-oldest"]),
        journalDefaults.onFull,
      ),
    },
    schema: read("schema", options.schema, "AUTHLOG_SCHEMA", auditSchema, standardSchema),
    signingKeyFile: read(
      "signingKeyFile",
      options.signingKeyFile,
      "AUTHLOG_SIGNING_KEY_FILE",
      text,
      undefined,
    ),
    deadLetterPath: read(
      "deadLetterPath",
      options.deadLetterPath,
      "AUTHLOG_DEAD_LETTER_PATH",
      text,
      deadLetterPathDefault,
    ),
    batch: {
      maxQueueSize,
      // The specification: a batch is never larger than the queue.
      maxExportBatchSize: {
        ...maxExportBatchSize,
        value: Math.min(maxExportBatchSize.value, maxQueueSize.value),
      },
      scheduledDelayMillis: readBatch("scheduledDelayMillis"),
      exportTimeoutMillis: readBatch("exportTimeoutMillis"),
    },
    ledgerPath: read("ledger.path", ledger.path, "AUTHLOG_LEDGER_PATH", text, undefined),
    ledgerPort: read(
      "ledger.port",
      ledger.port,
      "AUTHLOG_LEDGER_PORT",
      integer(0, 65_535),
      undefined,
    ),
    tracing: read("tracing", options.tracing, "AUTHLOG_TRACING", flag, otel.namesDestination),
    // In production, what is no terminal is a log that machines read, line by line.
    banner: read(
      "banner",
      options.banner,
      "AUTHLOG_BANNER",
      flag,
      !production || process.stderr.isTTY,
    ),
    resource: {
      ...fromVariable,
      value: { ...fromVariable.value, ...(service && { "service.name": service }) },
      ...(service && { source: "environment" as const, variable: "OTEL_SERVICE_NAME" }),
    },
    production,
    building: env["NEXT_PHASE"] === "phase-production-build",
    otel,
    problems,
  };
  const unknown = [
    ...unknownOptions(options, names.options),
    ...unknownVariables(env, names.variables),
  ];
  problems.push(...unknown.map(unknownName));
  return Object.freeze({ ...config, ...hiddenByMistake(config, unknown) });
}

function invalid(place: string, raw: unknown, description: string): AuthlogError {
  const kind = raw === null ? "null" : `a value of the type ${typeof raw}`;
  const shape = typeof raw === "string" ? `a text of ${raw.length} characters` : kind;
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: `${place} cannot be used; authlog goes on without it.`,
    why: `${place} is ${shape}, and must be ${description}.`,
    fix: `Set ${place} to ${description}, or take it away.`,
  });
}
