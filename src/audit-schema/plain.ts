import { cutToBytes } from "./utf8.ts";

/** A value that JSON has, and that every canonicaliser writes alike. */
export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/** Deeper than this nothing is followed: some readers of the log recurse over what they parse. */
const maxDepth = 16;

/**
 * How much of one value is read, in characters and members. No more than this could be kept of it
 * in any field, so megabytes are not walked.
 */
const maxUnits = 32_768;

/**
 * What JSON can hold of any value at all: numbers that JSON lacks become text, what cannot be read
 * becomes a mark in square brackets, lone surrogates are replaced. Never throws. `undefined` stays
 * `undefined`, for the caller to leave out.
 */
export function toPlain(value: unknown): Plain | undefined {
  // What nearly every attribute is, without a walk.
  if (typeof value === "string" && value.length * 3 <= maxUnits) return value.toWellFormed();
  if (typeof value === "boolean") return value;
  return visit(value, { unitsLeft: maxUnits, above: [] });
}

interface Walk {
  unitsLeft: number;
  above: object[];
}

function visit(value: unknown, walk: Walk): Plain | undefined {
  walk.unitsLeft -= 1;
  switch (typeof value) {
    case "string":
      return takeText(value, walk);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
      return takeText(String(value), walk);
    case "object":
      return value === null ? null : visitObject(value, walk);
    case "function":
    case "symbol":
      break;
  }
  return `[${typeof value}]`;
}

function visitObject(value: object, walk: Walk): Plain {
  if (walk.above.includes(value)) return "[circular]";
  if (walk.above.length >= maxDepth) return "[too deep]";
  walk.above.push(value);
  try {
    if (Array.isArray(value)) return visitArray(value, walk);
    if (value instanceof Date)
      return isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
    if (value instanceof Error) return takeText(`${value.name}: ${value.message}`, walk);
    if (value instanceof Uint8Array) return base64(value, walk);
    return visitMembers(value, walk);
  } catch {
    // A getter or a proxy's trap threw.
    return "[unreadable]";
  } finally {
    walk.above.pop();
  }
}

function visitArray(items: readonly unknown[], walk: Walk): Plain[] {
  const plain: Plain[] = [];
  for (let index = 0; index < items.length && walk.unitsLeft > 0; index++) {
    plain.push(visit(items[index], walk) ?? null);
  }
  return plain;
}

function visitMembers(value: object, walk: Walk): { [key: string]: Plain } {
  const plain = new Map<string, Plain>();
  for (const key of Object.keys(value)) {
    if (walk.unitsLeft <= 0) break;
    const member = visit(read(value, key), walk);
    if (member !== undefined) plain.set(takeText(key, walk), member);
  }
  // Defines the members one by one: `__proto__` becomes an ordinary key.
  return Object.fromEntries(plain);
}

/** The value under a key; one getter that throws does not hide the members beside it. */
export function read(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return "[unreadable]";
  }
}

function takeText(text: string, walk: Walk): string {
  const taken = cutToBytes(text, Math.max(0, walk.unitsLeft));
  walk.unitsLeft -= taken.length;
  return taken;
}

function base64(bytes: Uint8Array, walk: Walk): string {
  const taken = bytes.subarray(0, Math.max(0, walk.unitsLeft));
  return takeText(btoa(Array.from(taken, (byte) => String.fromCharCode(byte)).join("")), walk);
}
