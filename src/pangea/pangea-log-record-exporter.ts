import type { AuditSchema } from "../audit-schema/audit-schema.ts";
import { standardSchema } from "../audit-schema/standard.ts";
import { AuthlogError } from "../errors.ts";
import type {
  DeliveringExporter,
  DeliveryOutcome,
  ExportResult,
  ReadableLogRecord,
} from "../telemetry/exporter.ts";
import { createComponent, createExportMeasure } from "../telemetry/self-metrics.ts";
import { createBulkDelivery } from "./bulk-delivery.ts";
import { deliverCopiesOnce } from "./deliver-copies-once.ts";
import { type DestinationOptions, resolveDestination } from "./destination.ts";
import { findBeforeResend, type InformedDelivery } from "./find-before-resend.ts";
import { createLookup } from "./lookup.ts";
import { retryWithin } from "./retry-within.ts";
import { readSigningKey } from "./signing-key.ts";
import type { TokenSource } from "./token.ts";

/** Options of {@link PangeaLogRecordExporter}. */
export interface PangeaExporterOptions extends DestinationOptions {
  /**
   * Token of Pangea's Secure Audit Log, or a function that returns the one that is valid now; it is
   * asked before each delivery, so a token can be rotated without a restart.
   */
  token: TokenSource;
  /** Id of the service configuration. @default the token's own */
  configId?: string | undefined;
  /** Tenant that every event is marked with. @default none */
  tenantId?: string | undefined;
  /** How a record becomes an event. @default the standard schema */
  schema?: AuditSchema | undefined;
  /**
   * File of an Ed25519 private key, PEM of PKCS#8, that each event is signed with. Only its owner,
   * or a group, may read it. @default none: events are not signed
   */
  signingKeyFile?: string | undefined;
  /**
   * Milliseconds in which a delivery ends, `export()` with its retries too. Keep it below the
   * processor's `exportTimeoutMillis`, which abandons an export but does not end it. @default 10000
   */
  timeoutMillis?: number | undefined;
  /**
   * Whether events that may be there already are looked up before they are sent again: those of an
   * attempt that ended without a clear answer, those that a process left which died, and dead letters
   * that were given up or are marked `unclear`. The embedded ledger needs no such care: it knows an
   * event by its id. @default false
   */
  findBeforeResend?: boolean | undefined;
  /** Token that may search, for `findBeforeResend`. @default `token` */
  readToken?: TokenSource | undefined;
  /** Most bytes in the body of one request; a larger batch is split. @default 1048576 */
  maxRequestBytes?: number | undefined;
}

/** Most bytes in one request: 512 events of the usual size take half of it. */
export const maxRequestBytesDefault = 1_048_576;

/** Retries of `export()`, which stock processors do not repeat. */
const maxRetries = 5;

/**
 * Delivers log records to Pangea's Secure Audit Log, or to the ledger, which speaks the same.
 *
 * Behind authlog's own processor, `deliver()` makes one attempt and says what became of it; the
 * processor keeps the records and tries again. Behind a stock processor, `export()` retries by
 * itself within `timeoutMillis`. The token is in no error and no inspection of an exporter.
 *
 * @throws AuthlogError from the constructor: `ERR_AUTHLOG_INSECURE_URL` for plain `http:` to
 *   another machine, `ERR_AUTHLOG_SIGNING_KEY`, `ERR_AUTHLOG_CONFIG_INVALID`
 * @example
 * const exporter = new PangeaLogRecordExporter({ token: () => process.env.PANGEA_TOKEN ?? "" });
 * new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
 */
export class PangeaLogRecordExporter implements DeliveringExporter {
  // A closure holds the token and all else: nothing of it shows when an exporter is inspected.
  readonly #deliver: InformedDelivery;
  readonly #measure = createExportMeasure(createComponent("authlog.PangeaLogRecordExporter"));
  readonly #timeoutMillis: number;
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #hurry = new AbortController();
  #shutdown: Promise<void> | undefined;
  #closed = false;

  constructor(options: PangeaExporterOptions) {
    const { signingKeyFile } = options;
    this.#timeoutMillis = positive("timeoutMillis", options.timeoutMillis ?? 10_000);
    const common = {
      token: options.token,
      schema: options.schema ?? standardSchema,
      baseUrlTemplate: resolveDestination(options),
      configId: options.configId,
      tenantId: options.tenantId,
    };
    const deliver = createBulkDelivery({
      ...common,
      timeoutMillis: this.#timeoutMillis,
      maxRequestBytes: positive(
        "maxRequestBytes",
        options.maxRequestBytes ?? maxRequestBytesDefault,
      ),
      signer: signingKeyFile === undefined ? undefined : readSigningKey(signingKeyFile),
    });
    const lookup = createLookup({ ...common, token: options.readToken ?? options.token });
    this.#deliver = deliverCopiesOnce(
      options.findBeforeResend === true
        ? findBeforeResend(deliver, lookup, this.#timeoutMillis)
        : deliver,
      common,
    );
  }

  /**
   * Delivers one batch in one attempt, or says why not. Never rejects. A batch may become several
   * requests; records that were confirmed are not sent again if the same records come back, and one
   * that stands in it several times is sent once.
   *
   * @param signal aborts the attempt; what was under way is then `retryable`
   * @param mayBeThere records that another process may have delivered; see `findBeforeResend`
   */
  deliver(
    records: readonly ReadableLogRecord[],
    signal?: AbortSignal,
    mayBeThere?: ReadonlySet<ReadableLogRecord>,
  ): Promise<DeliveryOutcome> {
    if (this.#closed) return Promise.resolve({ status: "retryable", cause: shutDown() });
    return this.#track(() =>
      this.#measure(records, () => this.#deliver(records, signal, mayBeThere)),
    );
  }

  /** OpenTelemetry's export, for stock processors. A failure always has an error. Never throws. */
  export(records: ReadableLogRecord[], resultCallback: (result: ExportResult) => void): void {
    const settle = async (): Promise<void> => {
      const outcome = await retryWithin((signal) => this.deliver(records, signal), {
        timeoutMillis: this.#timeoutMillis,
        maxRetries,
        random: Math.random,
        hurry: this.#hurry.signal,
      });
      resultCallback(toExportResult(outcome, records.length));
    };
    // What the processor's callback throws is its own; unhandled, it would end the process.
    this.#track(settle).catch(() => undefined);
  }

  /** Resolves when what is under way now has ended. Never rejects. */
  async forceFlush(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  /**
   * Waits for what is under way, then refuses. Until then batches are still taken: a stock processor
   * that is shut down while it flushes calls this first and exports the rest afterwards. No pause
   * between retries is waited out: there is one attempt more.
   */
  shutdown(): Promise<void> {
    this.#hurry.abort();
    this.#shutdown ??= this.#drainAndClose();
    return this.#shutdown;
  }

  async #drainAndClose(): Promise<void> {
    do {
      await this.forceFlush();
      // A flushing processor hands in its next batch as soon as it heard of the one before.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#inFlight.size > 0);
    this.#closed = true;
  }

  #track<T>(start: () => Promise<T>): Promise<T> {
    const work = start().finally(() => this.#inFlight.delete(work));
    this.#inFlight.add(work);
    return work;
  }
}

function toExportResult(outcome: DeliveryOutcome, count: number): ExportResult {
  if (outcome.status === "delivered") return { code: 0 };
  if (outcome.status === "retryable") return { code: 1, error: outcome.cause };
  const { records } = outcome;
  const cause = records[0]?.cause;
  const error = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
    message: `The audit log refuses ${records.length} of ${count} events; it has the others.`,
    why: cause?.why ?? "",
    fix: cause?.fix ?? "",
    cause,
  });
  return { code: 1, error };
}

function shutDown(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_EXPORTER_SHUT_DOWN", {
    message: "A batch came after the exporter was shut down.",
    why: "Records were emitted, or a processor flushed, after the end of shutdown().",
    fix: "Shut the logger provider down last, and only once.",
  });
}

function positive(name: string, value: number): number {
  // A timer of Node's holds 31 bits; with more it fires at once.
  if (Number.isInteger(value) && value > 0 && value < 2 ** 31) return value;
  throw new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: `The exporter's \`${name}\` cannot be used.`,
    why: "It is not a whole number from 1 to 2147483647.",
    fix: `Set \`${name}\` to such a number, or leave it out.`,
  });
}
