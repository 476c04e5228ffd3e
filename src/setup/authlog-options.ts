import type { AuditSchema } from "../audit-schema/audit-schema.ts";
import type { BatchOptions } from "../delivery/batch-options.ts";
import type { Includes } from "../delivery/select-records.ts";
import type { Durability, JournalOptions } from "../delivery/journal/journal-options.ts";
import type { RetryOptions } from "../delivery/retry.ts";
import type { CaptureOptions } from "./capture-config.ts";
import type { SchemaName } from "./schema-shape.ts";

/** Settings of authlog. What code leaves out comes from the environment, then from the default. */
export interface AuthlogOptions extends CaptureOptions {
  /**
   * `false` switches authlog off: no event is made. `AUTHLOG_ENABLED`
   * @default true
   */
  enabled?: boolean;
  /**
   * Whether `register` starts the installed `@opentelemetry/sdk-node`, with a tracer and with the
   * exporters of the `OTEL_*` variables. `AUTHLOG_TRACING`
   * @default true where an `OTEL_*` variable names a destination
   */
  tracing?: boolean;
  /**
   * Whether one line on stderr says, at the start, where events go. `AUTHLOG_BANNER`
   * @default true, but in production only on a terminal
   */
  banner?: boolean;
  /** Where the events go. Without a token: the embedded ledger, outside production. */
  pangea?: {
    /** `PANGEA_TOKEN`; a function is asked at every delivery, so that the token can be rotated. */
    token?: string | (() => string | Promise<string>);
    /**
     * Host of the API. `PANGEA_DOMAIN`
     * @default "aws.us.pangea.cloud"
     */
    domain?: string;
    /** URL in which `{SERVICE_NAME}` stands for `audit`; before `domain`. `PANGEA_BASE_URL_TEMPLATE` */
    baseUrlTemplate?: string;
    /** Id of the audit configuration. `PANGEA_AUDIT_CONFIG_ID` */
    configId?: string;
    /** Tenant that every event is marked with, in the standard schema. `PANGEA_AUDIT_TENANT_ID` */
    tenantId?: string;
    /**
     * Whether events that may be in Pangea already, after an attempt without a clear answer or the
     * end of a process, are looked up there before they are sent again. `AUTHLOG_FIND_BEFORE_RESEND`
     * @default false
     */
    findBeforeResend?: boolean;
    /**
     * Token that may search, where `token` may not. `AUTHLOG_READ_TOKEN`
     * @default the token itself
     */
    readToken?: string | (() => string | Promise<string>);
  };
  /**
   * How records are batched. `OTEL_BLRP_MAX_QUEUE_SIZE`, `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`,
   * `OTEL_BLRP_SCHEDULE_DELAY`, `OTEL_BLRP_EXPORT_TIMEOUT`
   * @default 2048, 512, 1000 ms, 30000 ms
   */
  batch?: BatchOptions;
  /**
   * Which log records of your own are audited beside those that authlog emits: those of the scope
   * `authlog`, and those with a name of `eventNames`, are in any case. Only in code; it sees what goes
   * through the LoggerProvider that has the audit processor.
   * @default none; the first that looks like an audit event is reported
   */
  includes?: Includes;
  /**
   * Batches that may be under way at the same time. `AUTHLOG_MAX_IN_FLIGHT`
   * @default 4
   */
  maxInFlight?: number;
  /**
   * Most bytes in the body of one request; a larger batch is split. `AUTHLOG_MAX_REQUEST_BYTES`
   * @default 1048576
   */
  maxRequestBytes?: number;
  /**
   * How failed deliveries are repeated. `AUTHLOG_RETRY_INITIAL_BACKOFF`,
   * `AUTHLOG_RETRY_MAX_BACKOFF`, `AUTHLOG_RETRY_GIVE_UP_AFTER`
   * @default 500 ms, 60000 ms, 10
   */
  retry?: RetryOptions;
  /**
   * What it means that an event was accepted: `process`, it survives the process; `disk`, an answer
   * waits until it survives a power cut; `memory`, it survives nothing. `AUTHLOG_DURABILITY`
   * @default "process"
   */
  durability?: Durability;
  /**
   * Where events wait for their confirmation, beyond the end of the process. `AUTHLOG_JOURNAL_DIR`,
   * `AUTHLOG_JOURNAL_MAX_BYTES`, `AUTHLOG_JOURNAL_ON_FULL`
   * @default ".authlog/journal", 1 GiB, "drop-newest"
   */
  journal?: JournalOptions;
  /**
   * How a record becomes an event: a schema by its name, or one of `defineSchema()`. `AUTHLOG_SCHEMA`
   * @default "standard"
   */
  schema?: SchemaName | AuditSchema;
  /**
   * File of the Ed25519 key that events are signed with. `AUTHLOG_SIGNING_KEY_FILE`
   * @default none: they are not signed
   */
  signingKeyFile?: string;
  /**
   * File of the records that are rejected for good. `AUTHLOG_DEAD_LETTER_PATH`
   * @default ".authlog/dead-letter.jsonl"
   */
  deadLetterPath?: string;
  /** The embedded ledger, used outside production where there is no token. */
  ledger?: {
    /**
     * File of the ledger. `AUTHLOG_LEDGER_PATH`
     * @default ".authlog/ledger.db"
     */
    path?: string;
    /**
     * Port on loopback. `AUTHLOG_LEDGER_PORT`
     * @default 4319, or a free one
     */
    port?: number;
  };
}
