import { canonicalJson } from "../canonical/canonical-json.ts";
import type { EventKeys } from "./event-keys.ts";

/** An event that passed the door: what is to be sealed. */
export interface AppendItem extends EventKeys {
  /** The event, as canonical JSON. */
  readonly event: string;
  /** The sender's signature of the event, base64. */
  readonly signature?: string;
  /** The key of the signature, as the sender gave it. */
  readonly publicKey?: string;
}

/**
 * The canonical text of an item without the time of its receipt: two deliveries of one event have
 * the same text.
 */
export function contentText(item: AppendItem): string {
  return envelopeWith(item, "");
}

/**
 * The canonical text of the sealed envelope. Its SHA-256 is the record's hash.
 *
 * @param receivedAt as `formatMicros` gives it
 */
export function envelopeText(item: AppendItem, receivedAt: string): string {
  return envelopeWith(item, `,"received_at":"${receivedAt}"`);
}

// Put together by hand from canonical parts: event < public_key < received_at < signature is the
// order of RFC 8785, so the event is not parsed and sorted a second time.
function envelopeWith({ event, publicKey, signature }: AppendItem, receivedAt: string): string {
  const key = publicKey === undefined ? "" : `,"public_key":${canonicalJson(publicKey)}`;
  const signed = signature === undefined ? "" : `,"signature":${canonicalJson(signature)}`;
  return `{"event":${event}${key}${receivedAt}${signed}}`;
}
