import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { attributes } from "../vocabulary.ts";

/**
 * What is known of records that are gone: from when to when, and their place in their producer's count.
 * An end that is not there is open: how far they reach in that direction, nobody knows.
 */
export interface Span {
  readonly firstTimeUnixMillis?: number | undefined;
  readonly lastTimeUnixMillis?: number | undefined;
  readonly producerId?: string | undefined;
  readonly firstSequence?: number | undefined;
  readonly lastSequence?: number | undefined;
}

/** The span of one record. */
export function spanOf(record: ReadableLogRecord): Span {
  const time = timeOf(record);
  const producer = producerOf(record);
  return {
    firstTimeUnixMillis: time,
    lastTimeUnixMillis: time,
    producerId: producer?.id,
    firstSequence: producer?.sequence,
    lastSequence: producer?.sequence,
  };
}

/** Both, and what lies between them. An end that is not known of one is not known of both. */
export function joined(a: Span, b: Span): Span {
  const sameProducer = a.producerId === b.producerId;
  return {
    firstTimeUnixMillis: least(a.firstTimeUnixMillis, b.firstTimeUnixMillis),
    lastTimeUnixMillis: greatest(a.lastTimeUnixMillis, b.lastTimeUnixMillis),
    ...(sameProducer && {
      producerId: a.producerId,
      firstSequence: least(a.firstSequence, b.firstSequence),
      lastSequence: greatest(a.lastSequence, b.lastSequence),
    }),
  };
}

interface Recorded {
  readonly record: ReadableLogRecord;
}

/** The span of what stood between two records, neither included. */
export function spanBetween(before: Recorded | undefined, after: Recorded | undefined): Span {
  const [first, last] = [before && producerOf(before.record), after && producerOf(after.record)];
  const producers = new Set([first?.id, last?.id].filter((id) => id !== undefined));
  return {
    firstTimeUnixMillis: before && timeOf(before.record),
    lastTimeUnixMillis: after && timeOf(after.record),
    ...(producers.size === 1 && {
      producerId: [...producers][0],
      firstSequence: first && first.sequence + 1,
      lastSequence: last && last.sequence - 1,
    }),
  };
}

function timeOf({ hrTime: [seconds, nanos] }: ReadableLogRecord): number {
  return seconds * 1000 + Math.trunc(nanos / 1e6);
}

/** A record's place in its producer's count; none of a foreign record. */
function producerOf({
  attributes: values,
}: ReadableLogRecord): { id: string; sequence: number } | undefined {
  const id = values[attributes.producerId];
  const sequence = values[attributes.sequence];
  return typeof id === "string" && typeof sequence === "number" ? { id, sequence } : undefined;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.min(a, b);
}

function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b);
}
