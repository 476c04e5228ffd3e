import { isDeepStrictEqual } from "node:util";
import { AuthlogError } from "../errors.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { attributes } from "../vocabulary.ts";
import { type BulkDeliveryOptions, toEvent } from "./bulk-delivery.ts";
import type { InformedDelivery } from "./find-before-resend.ts";

type EventOptions = Pick<BulkDeliveryOptions, "schema" | "tenantId">;

/**
 * Sends a record once that stands in a batch several times, as a file of dead letters can have it;
 * each copy ends as that one does. Copies have one id and make equal events: another content under the
 * same id is sent too, for whoever reads the log to see.
 */
export function deliverCopiesOnce(
  deliver: InformedDelivery,
  options: EventOptions,
): InformedDelivery {
  const copied = new WeakSet<ReadableLogRecord>();
  return async (records, signal, mayBeThere) => {
    const groups = groupCopies(records, options);
    const sent = groups.map(([first]) => first.record);
    const doubtful = groups.filter((group) => {
      if (group.length > 1) return group.some(({ record }) => mayBeThere?.has(record));
      // One that comes back without its copy: that one may have been taken meanwhile.
      const [{ record }] = group;
      return mayBeThere?.has(record) === true || copied.has(record);
    });
    for (const group of groups) {
      if (group.length > 1) for (const { record } of group) copied.add(record);
    }
    const doubt = new Set(doubtful.map(([first]) => first.record));
    const outcome = await deliver(sent, signal, doubt);
    if (outcome.status === "delivered") return outcome;
    const forAll = <T extends { index: number }>(items: readonly T[]): T[] =>
      items
        .flatMap((item) => (groups[item.index] ?? []).map(({ index }) => ({ ...item, index })))
        .toSorted((a, b) => a.index - b.index);
    return outcome.status === "rejected"
      ? { ...outcome, records: forAll(outcome.records) }
      : { ...outcome, ...(outcome.settled && { settled: forAll(outcome.settled) }) };
  };
}

interface Placed {
  /** Its place in the batch. */
  index: number;
  record: ReadableLogRecord;
}

/** A record, and its copies. */
type Group = [Placed, ...Placed[]];

function groupCopies(records: readonly ReadableLogRecord[], options: EventOptions): Group[] {
  const groups: Group[] = [];
  const byUid = new Map<string, Group[]>();
  for (const [index, record] of records.entries()) {
    const uid = uidOf(record);
    const alike = (uid !== undefined && byUid.get(uid)) || [];
    const group = alike.find(([first]) => isCopy(first.record, record, options));
    if (group !== undefined) {
      group.push({ index, record });
      continue;
    }
    const alone: Group = [{ index, record }];
    groups.push(alone);
    if (uid !== undefined) byUid.set(uid, [...alike, alone]);
  }
  return groups;
}

function isCopy(a: ReadableLogRecord, b: ReadableLogRecord, options: EventOptions): boolean {
  const event = toEvent(a, options);
  return !AuthlogError.is(event) && isDeepStrictEqual(event, toEvent(b, options));
}

function uidOf(record: ReadableLogRecord): string | undefined {
  try {
    const uid = record.attributes[attributes.recordUid];
    return typeof uid === "string" && uid !== "" ? uid : undefined;
  } catch {
    // A getter of the record threw, which is told when its event is made.
    return undefined;
  }
}
