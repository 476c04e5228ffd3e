import { report } from "../telemetry/diagnostics.ts";
import type { DeliveryOutcome, ReadableLogRecord } from "../telemetry/exporter.ts";
import type { BulkDelivery } from "./bulk-delivery.ts";
import type { Lookup } from "./lookup.ts";

/** A delivery that is told which records somebody else may have delivered before. */
export type InformedDelivery = (
  records: readonly ReadableLogRecord[],
  signal?: AbortSignal,
  mayBeThere?: ReadonlySet<ReadableLogRecord>,
) => Promise<DeliveryOutcome>;

/** How much of an attempt's time looking up may take; the rest is for sending. */
const lookupShare = 0.5;

/**
 * Looks up what may be there before it is sent again: what an attempt sent that ended without a
 * clear answer, and what comes from a process that died. Where looking up fails, everything is sent:
 * an event that stands there twice is better than one that is missing. What was not looked up stays
 * in doubt also where it then fails, or is refused, clearly: that says nothing of the attempts before.
 *
 * @param timeoutMillis within which looking up and sending end together
 */
export function findBeforeResend(
  deliver: BulkDelivery,
  lookup: Lookup,
  timeoutMillis: number,
): InformedDelivery {
  const unclear = new WeakSet<ReadableLogRecord>();
  const there = new WeakSet<ReadableLogRecord>();

  return async (records, signal, mayBeThere) => {
    const end = AbortSignal.timeout(timeoutMillis);
    const within = signal === undefined ? end : AbortSignal.any([end, signal]);
    const doubtful = records.filter(
      (record) => !there.has(record) && (unclear.has(record) || mayBeThere?.has(record) === true),
    );
    const doubted = new Set(doubtful);
    if (doubtful.length > 0) {
      const share = AbortSignal.timeout(Math.ceil(timeoutMillis * lookupShare));
      const { found, missing, cause } = await lookup(doubtful, AbortSignal.any([within, share]));
      for (const record of found) there.add(record);
      for (const record of missing) doubted.delete(record);
      if (cause !== undefined) report(cause);
    }
    const places = [...records.keys()].filter((index) => {
      const record = records[index];
      return record !== undefined && !there.has(record);
    });
    const open = places.flatMap((index) => records[index] ?? []);
    if (open.length === 0) return { status: "delivered" };
    // Noted before: whoever gives the attempt up does not wait for how it ends.
    for (const record of open) unclear.add(record);
    const outcome = await deliver(open, within);
    for (const [index, record] of open.entries()) {
      const fate = fateOf(index, outcome);
      if (fate === "accepted" || (fate === "clear" && !doubted.has(record))) unclear.delete(record);
    }
    if (outcome.status === "delivered") return outcome;
    const inBatch = <T extends { index: number }>(item: T): T => ({
      ...item,
      index: places[item.index] ?? item.index,
    });
    if (outcome.status === "rejected") {
      return { status: "rejected", records: outcome.records.map(inBatch) };
    }
    const found = [...records.keys()].filter((index) => !places.includes(index));
    const settled = (outcome.settled ?? []).map(inBatch);
    return { ...outcome, settled: [...found.map((index) => ({ index })), ...settled] };
  };
}

/** What an outcome says of one record; a refusal is clear, but of this attempt alone. */
function fateOf(index: number, outcome: DeliveryOutcome): "accepted" | "clear" | "unclear" {
  if (outcome.status === "delivered") return "accepted";
  const told = outcome.status === "rejected" ? outcome.records : (outcome.settled ?? []);
  const own = told.find((item) => item.index === index);
  if (outcome.status === "rejected") return own === undefined ? "accepted" : "clear";
  if (own !== undefined) return own.cause === undefined ? "accepted" : "clear";
  return outcome.unclear === true ? "unclear" : "clear";
}
