import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { eventNames } from "../vocabulary.ts";

/** What anyone can bring about without an identity may use only so much of the room. */
const unreservedShare = 0.9;
const needNoIdentity: ReadonlySet<string | undefined> = new Set([
  eventNames.sessionReject,
  eventNames.requestReject,
  eventNames.sessionRead,
]);

/** How much of the room a record may use. What tells of a gap always finds some: it comes rarely. */
export function shareOf({ eventName }: ReadableLogRecord): number {
  if (eventName === eventNames.gap) return Infinity;
  return needNoIdentity.has(eventName) ? unreservedShare : 1;
}
