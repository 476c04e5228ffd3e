import type { AttributeValue, AuthLogRecord, RecordIdentity } from "../slot.ts";
import { attributes, eventNames } from "../vocabulary.ts";

/** Records that could not be kept. What is not known of them is absent. */
export interface Gap {
  /** When it is told, in milliseconds since 1970. */
  timeUnixMillis: number;
  /** How many. */
  count: number;
  /** Why: the code of the diagnostic. */
  code: string;
  firstTimeUnixMillis?: number | undefined;
  lastTimeUnixMillis?: number | undefined;
  /** The process that emitted them, and from where to where in its count they stand. */
  producerId?: string | undefined;
  firstSequence?: number | undefined;
  lastSequence?: number | undefined;
}

/**
 * The record that tells of records that are not there: the trail itself says where it has a hole.
 *
 * @example
 * toGapRecord({ timeUnixMillis: Date.now(), count: 3, code: "ERR_AUTHLOG_JOURNAL_FULL" }, identity);
 */
export function toGapRecord(gap: Gap, identity: RecordIdentity): AuthLogRecord {
  const values: Record<string, AttributeValue | undefined> = {
    [attributes.recordUid]: identity.uid,
    [attributes.producerId]: identity.producerId,
    [attributes.sequence]: identity.sequence,
    [attributes.gapCount]: gap.count,
    [attributes.gapCode]: gap.code,
    [attributes.gapFirstTime]: timeText(gap.firstTimeUnixMillis),
    [attributes.gapLastTime]: timeText(gap.lastTimeUnixMillis),
    [attributes.gapProducerId]: gap.producerId,
    [attributes.gapFirstSequence]: gap.firstSequence,
    [attributes.gapLastSequence]: gap.lastSequence,
  };
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  const events = gap.count === 1 ? "1 audit event" : `${gap.count} audit events`;
  return Object.freeze({
    eventName: eventNames.gap,
    timeUnixMillis: gap.timeUnixMillis,
    severityNumber: 17,
    severityText: "ERROR",
    body: `${events} could not be kept: ${gap.code}`,
    attributes: Object.freeze(Object.fromEntries(known) as Record<string, AttributeValue>),
  });
}

/** A time of a damaged record may be none. */
function timeText(unixMillis: number | undefined): string | undefined {
  if (unixMillis === undefined || Math.abs(unixMillis) > 8.64e15) return undefined;
  return new Date(unixMillis).toISOString();
}
