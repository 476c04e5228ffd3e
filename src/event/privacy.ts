import { attributes } from "../vocabulary.ts";

/** The longest value that an attribute may have, in UTF-16 units. Applied before anything is hashed. */
const defaultCap = 256;

const caps: ReadonlyMap<string, number> = new Map(
  Object.entries({
    [attributes.userAgent]: 512,
    [attributes.urlPath]: 512,
    [attributes.requestMethod]: 16,
    [attributes.errorType]: 64,
  }),
);

// ANSI sequences (ECMA-48: CSI, OSC and the two-byte ones), then what is left of C0, C1, DEL, and the
// marks that reorder text for the eye (Unicode TR 9): each can make a line say what it does not hold.
const ansi =
  // oxlint-disable-next-line no-control-regex -- to find control characters is what it is for
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-Z\\-_]/g;
const unprintable =
  // oxlint-disable-next-line no-control-regex -- as above
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** What needs no cleaning, as nearly all values do: one look instead of three. */
const printable = /^[ -~]*$/;

/** A value made fit for a record, and whether its cap bit. */
export interface CleanText {
  text: string;
  truncated: boolean;
}

/**
 * Caps a text at its attribute's length, then makes it well-formed: no lone surrogates (RFC 8785
 * refuses them), no control characters, no ANSI. What is taken out leaves U+FFFD in its place, so
 * that a forged value never equals the one that it imitates.
 */
export function cleanText(name: string, value: string): CleanText {
  const cap = caps.get(name) ?? defaultCap;
  const truncated = value.length > cap;
  if (!truncated && printable.test(value)) return { text: value, truncated };
  // Cutting may split a surrogate pair; toWellFormed() then replaces the half that is left.
  const text = (truncated ? value.slice(0, cap) : value)
    .replace(ansi, "\uFFFD")
    .replace(unprintable, "\uFFFD")
    .toWellFormed();
  return { text, truncated };
}

const emailShape = /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,190}\.[\p{L}]{2,63}$/u;

/**
 * Whether a claimed identity is shaped like one. Only an e-mail address is: a user name cannot be
 * told from a password that was typed into the wrong field.
 */
export function isIdentifierShaped(value: string): boolean {
  return emailShape.test(value);
}
