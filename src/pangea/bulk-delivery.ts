import type { AuditEvent, AuditSchema } from "../audit-schema/audit-schema.ts";
import { canonicalJson } from "../canonical/canonical-json.ts";
import { AuthlogError, errorKind } from "../errors.ts";
import type {
  DeliveryOutcome,
  ReadableLogRecord,
  Rejection,
  Settled,
} from "../telemetry/exporter.ts";
import { loadOnce } from "../telemetry/load-once.ts";
import { type AcceptedRequest, createAcceptedRequests } from "./accepted-requests.ts";
import { chunks, deliverInParts } from "./deliver-in-parts.ts";
import { judgeAnswer, judgeFault, type Verdict } from "./outcome.ts";
import { RequestFault } from "./request-fault.ts";
import { loadBulkCall } from "./request.ts";
import type { EventSigner } from "./signing-key.ts";
import { toAuditRecord } from "./to-audit-record.ts";
import { currentToken, type TokenSource } from "./token.ts";
import { untraced } from "./untraced.ts";
import { groupBy } from "../telemetry/built-ins.ts";

/** What deliveries need; all of it checked. */
export interface BulkDeliveryOptions {
  token: TokenSource;
  schema: AuditSchema;
  baseUrlTemplate: string;
  configId: string | undefined;
  tenantId: string | undefined;
  timeoutMillis: number;
  maxRequestBytes: number;
  signer: EventSigner | undefined;
}

/** Delivers a batch in one attempt. Never rejects. */
export type BulkDelivery = (
  records: readonly ReadableLogRecord[],
  signal?: AbortSignal,
) => Promise<DeliveryOutcome>;

/** Pangea's limit for one request. */
const maxEvents = 1_000;

const loadSdk = loadOnce(loadBulkCall);

/** Makes deliveries that share the loaded SDK, and what is known of records to be sent again. */
export function createBulkDelivery(options: BulkDeliveryOptions): BulkDelivery {
  // A batch can be settled in part when it has to be tried again. What is known of its records is
  // kept until they come back, so that none stands in the log twice for the sake of its neighbours.
  const settled = new WeakMap<ReadableLogRecord, "delivered" | AuthlogError>();
  const accepted = createAcceptedRequests<ReadableLogRecord>(() => performance.now());

  /** Sends a part; or asks for the outcome of the request that its records were accepted in. */
  const request = async (
    part: readonly OpenEvent[],
    signal: AbortSignal,
    before: AcceptedRequest<ReadableLogRecord> | undefined,
  ): Promise<Verdict> => {
    try {
      signal.throwIfAborted();
      const token = await currentToken(options.token, signal);
      const bulkCall = await loadSdk();
      const events = part.map(({ event }) => event);
      const answer = await untraced(() =>
        bulkCall(events, { ...options, token, signal, accepted: before }),
      );
      const records = before?.records ?? part.map(({ record }) => record);
      const verdict = judgeAnswer(answer, records.length, Date.now());
      if (verdict.status === "retryable" && answer.accepted !== undefined)
        accepted.remember(answer.accepted, records);
      else if (before !== undefined) accepted.forget(before);
      return verdict;
    } catch (error) {
      if (AuthlogError.is(error)) return { status: "retryable", cause: error };
      return judgeFault(RequestFault.from(error, signal));
    }
  };

  /** What the outcome of an earlier request means for those of its records that came back. */
  const ask = async (
    part: readonly OpenEvent[],
    signal: AbortSignal,
    before: AcceptedRequest<ReadableLogRecord>,
  ): Promise<Verdict> => {
    const verdict = await request(part, signal, before);
    if (verdict.status === "retryable") return verdict;
    const refused = new Map<number, AuthlogError>();
    for (const [position, record] of before.records.entries()) {
      const cause = verdict.status === "refused" ? verdict.events.get(position) : undefined;
      const at = part.findIndex((event) => event.record === record);
      if (cause !== undefined && at >= 0) refused.set(at, cause);
      const fate = verdict.status === "delivered" ? verdict.status : cause;
      // The others of that request come back in another batch.
      if (fate !== undefined && at < 0) settled.set(record, fate);
    }
    // Whatever was neither taken nor refused is sent again, as a request of its own.
    return verdict.status === "delivered" ? verdict : { status: "refused", events: refused };
  };

  const settledAmong = (records: readonly ReadableLogRecord[]): Settled[] =>
    records.flatMap((record, index): Settled[] => {
      const fate = settled.get(record);
      if (fate === undefined) return [];
      return [AuthlogError.is(fate) ? { index, cause: fate } : { index }];
    });

  const attempt: BulkDelivery = async (records, signal) => {
    const refused = new Map<number, AuthlogError>();
    const open: OpenEvent[] = [];
    for (const [index, record] of records.entries()) {
      const known = settled.get(record) ?? toEvent(record, options);
      if (AuthlogError.is(known)) refused.set(index, known);
      else if (known !== "delivered") open.push({ index, record, event: known });
    }
    const deadline = AbortSignal.timeout(options.timeoutMillis);
    const either = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);

    const waiting = groupBy(open, ({ record }) => accepted.of(record));
    const fresh = waiting.get(undefined) ?? [];
    waiting.delete(undefined);
    // New ones first: an outcome can be long in coming.
    const first = [...chunks(fresh, maxEvents), ...waiting.values()];
    const parts = await deliverInParts(first, (part) => {
      const before = part[0] && accepted.of(part[0].record);
      // Another attempt may have been accepted meanwhile with some of a part, which says nothing of
      // the rest of it.
      return before !== undefined && part.every(({ record }) => before.records.includes(record))
        ? ask(part, either, before)
        : request(part, either, undefined);
    });
    for (const [{ index }, cause] of parts.refused) refused.set(index, cause);
    if (parts.retry === undefined) {
      for (const record of records) settled.delete(record);
      return toOutcome(refused);
    }
    for (const { record } of parts.delivered) settled.set(record, "delivered");
    for (const [index, cause] of refused) {
      const record = records[index];
      if (record !== undefined) settled.set(record, cause);
    }
    return { ...parts.retry, settled: settledAmong(records) };
  };
  return attempt;
}

interface OpenEvent {
  /** The record's place in the batch that was handed in. */
  index: number;
  record: ReadableLogRecord;
  event: AuditEvent;
}

/** The event that a record becomes, or why there can be none. */
export function toEvent(
  record: ReadableLogRecord,
  { schema, tenantId }: Pick<BulkDeliveryOptions, "schema" | "tenantId">,
): AuditEvent | AuthlogError {
  try {
    const mapped = schema.toEvent(toAuditRecord(record), { canonicalize: canonicalJson, tenantId });
    return mapped.ok ? mapped.event : mapped.cause;
  } catch (cause) {
    // A getter of the record, or a schema of the app's own. What it threw may quote the record.
    return new AuthlogError("ERR_AUTHLOG_RECORD_UNMAPPABLE", {
      message: `The schema ${schema.name} can make no event of a log record.`,
      why: `Reading the record threw, or the schema did ${errorKind(cause)}.`,
      fix: "Try the schema's toEvent on such a record; it has to return a result for any.",
    });
  }
}

function toOutcome(refused: ReadonlyMap<number, AuthlogError>): DeliveryOutcome {
  if (refused.size === 0) return { status: "delivered" };
  const records = Array.from(refused, ([index, cause]): Rejection => ({ index, cause }));
  return { status: "rejected", records: records.toSorted((a, b) => a.index - b.index) };
}
