import { AuthlogError } from "../errors.ts";
import type {
  DeliveringExporter,
  DeliveryOutcome,
  LogRecordExporter,
  ReadableLogRecord,
} from "../telemetry/exporter.ts";
import { deferred } from "../telemetry/built-ins.ts";

/** One of our exporters, or any other of OpenTelemetry's. */
export type AnyExporter = LogRecordExporter & Partial<Pick<DeliveringExporter, "deliver">>;

/** What an attempt is given beside its records. */
export interface AttemptOptions {
  /** After so long it ends without an answer. */
  timeoutMillis: number;
  /** Aborted when nobody waits for the attempt any more. */
  abandoned: AbortSignal;
  /** Those of the records that a process that died may have delivered. */
  mayBeThere?: ReadonlySet<ReadableLogRecord>;
}

/** An exporter whose time is up may still say what of the batch was settled before. */
export const lastWordMillis = 100;

/**
 * One attempt to deliver one batch. Never rejects, and takes no longer than its time and a last word,
 * whatever the exporter does; an answer that comes later is not waited for.
 */
export async function attemptDelivery(
  exporter: AnyExporter,
  records: readonly ReadableLogRecord[],
  { timeoutMillis, abandoned, mayBeThere }: AttemptOptions,
): Promise<DeliveryOutcome> {
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMillis), abandoned]);
  const silence = deferred<DeliveryOutcome>();
  let lastWord: NodeJS.Timeout | undefined;
  const fail = (): void => {
    const cause = failed(`The exporter did not answer within ${timeoutMillis} ms.`);
    lastWord = setTimeout(() => silence.resolve({ status: "retryable", cause }), lastWordMillis);
  };
  signal.addEventListener("abort", fail, { once: true });
  try {
    const delivery = exporter.deliver?.(records, signal, mayBeThere) ?? exported(exporter, records);
    return await Promise.race([delivery, silence.promise]);
  } catch (cause) {
    return { status: "retryable", cause: failed("The exporter threw.", cause) };
  } finally {
    signal.removeEventListener("abort", fail);
    clearTimeout(lastWord);
  }
}

/** An exporter that is not ours says no more than whether it worked. */
function exported(
  exporter: LogRecordExporter,
  records: readonly ReadableLogRecord[],
): Promise<DeliveryOutcome> {
  return new Promise((resolve) => {
    exporter.export([...records], ({ code, error }) => {
      if (code === 0) resolve({ status: "delivered" });
      else
        resolve({ status: "retryable", cause: failed("The exporter reported a failure.", error) });
    });
  });
}

function failed(why: string, cause?: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", {
    message: "A batch of audit records could not be delivered; it is kept and tried again.",
    why,
    fix: "Look at the exporter and at the receiver behind it.",
    cause,
  });
}
