import type { Canonicalize } from "./audit-schema.ts";
import { cutToBytes, cutToJsonBytes, utf8Bytes } from "./utf8.ts";

/**
 * A text as a field for people shows it: no control characters, which could write to the terminal
 * of whoever reads the log, and no lone surrogates.
 */
export function displayText(text: string, maxBytes: number): string {
  const start = text.slice(0, maxBytes);
  return cutToBytes(control.test(start) ? start.replaceAll(controls, " ") : start, maxBytes);
}

/**
 * A message that verified calls of Pangea's SDK can read back. The SDK parses each string under
 * `message`, `new` and `old` that is valid JSON, writes it again canonically, and fails the hash if
 * another text comes out: `123`, `null` or `{"b":1, "a":2}` would make each search that finds
 * them throw. A message that would be parsed is wrapped in an object, as `{"text":"123"}`. `cut` says
 * whether the message was too long.
 */
export function verifiableText(
  text: string,
  maxBytes: number,
  canonicalize: Canonicalize,
): { text: string; cut: boolean } {
  // Cut first: what is left of a text can be JSON where the whole was not.
  const start = cutToBytes(text, maxBytes);
  if (!isJson(start)) return { text: start, cut: start.length < text.length };
  const frameBytes = utf8Bytes(canonicalize({ text: "" })) - utf8Bytes(canonicalize(""));
  const inner = cutToJsonBytes(start, maxBytes - frameBytes);
  return { text: canonicalize({ text: inner }), cut: inner.length < text.length };
}

const control = /\p{Cc}/u;
const controls = /\p{Cc}/gu;

/** What JSON can begin with; a sentence seldom does, and is not parsed to find out. */
const jsonStart = /^\s*(?:[[{"\-\d]|true|false|null)/;

function isJson(text: string): boolean {
  if (!jsonStart.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
