import type { Canonicalize } from "./audit-schema.ts";
import type { Plain } from "./plain.ts";
import { cutToJsonBytes, fitsBytes, utf8Bytes } from "./utf8.ts";

/** How a JSON object is made to fit. */
export interface FitOptions {
  /** The most bytes of UTF-8 that the object's text may have. */
  maxBytes: number;
  /** Members that are never shortened and never left out. */
  keep: ReadonlySet<string>;
  /** The member that names, in an array, those that were shortened or left out. */
  marker: string;
  canonicalize: Canonicalize;
}

/** What the marker may take when members have to be shortened. */
const markerBytes = 2_048;

/** A member that would have to be shorter than this, its quotes included, is left out instead. */
const leastBytes = 48;

const ellipsis = "…";

/**
 * One canonical JSON object that holds the entries in at most `maxBytes`. If they are too long, the
 * longest values are shortened to one common length (a list or an object becomes the start of its
 * text), and if there are too many of them, the longest are left out; the marker names both.
 *
 * @returns undefined if those to be kept do not fit by themselves.
 */
export function fitObject(
  entries: ReadonlyMap<string, Plain>,
  { maxBytes, keep, marker, canonicalize }: FitOptions,
): string | undefined {
  const whole = write(entries, canonicalize);
  if (fitsBytes(whole, maxBytes)) return whole;

  const members = [...entries]
    .filter(([key]) => key !== marker)
    .map(([key, value]) => measure(key, value, canonicalize));
  const kept = members.filter(({ key }) => keep.has(key));
  const others = members.filter(({ key }) => !keep.has(key));
  const room =
    maxBytes - 2 - markerBytes - sum(kept.map(({ keyBytes, bytes }) => keyBytes + bytes));
  if (room < 0) return undefined;

  const staying = stayingIn(room, others);
  const limit = commonLimit(room - sum(staying.map(({ keyBytes }) => keyBytes)), staying);
  const fitted = new Map<string, Plain>();
  for (const { key, value } of kept) fitted.set(key, value);
  for (const member of staying) fitted.set(member.key, shorten(member, limit));

  const changed = others
    .filter((member) => fitted.get(member.key) !== member.value)
    .map(({ key }) => key);
  const before = entries.get(marker);
  fitted.set(marker, names([...(Array.isArray(before) ? before : []), ...changed], canonicalize));
  return write(fitted, canonicalize);
}

/**
 * The entries as one canonical object. RFC 8785 writes strings and numbers as `JSON.stringify` does,
 * and sorts members as `sort` does, so a flat object needs no canonicaliser; it took twice as long.
 */
function write(entries: ReadonlyMap<string, Plain>, canonicalize: Canonicalize): string {
  const sorted: Record<string, Plain> = {};
  for (const key of sortedKeys(entries)) {
    const value = entries.get(key) ?? null;
    const isFlat = typeof value !== "object" || value === null;
    // An object moves array indexes to its front, and makes its prototype of `__proto__`.
    const moves = (key >= "0" && key < ":") || key === "__proto__";
    if (!isFlat || moves) return canonicalize(Object.fromEntries(entries));
    sorted[key] = value;
  }
  return JSON.stringify(sorted);
}

/** The keys of the last object in their order, and sorted: most records have those of the one before. */
let lastKeys: readonly string[] = [];
let lastSorted: readonly string[] = [];

function sortedKeys(entries: ReadonlyMap<string, Plain>): readonly string[] {
  let place = 0;
  let isSame = entries.size === lastKeys.length;
  for (const key of entries.keys()) {
    if (!isSame) break;
    isSame = key === lastKeys[place];
    place += 1;
  }
  if (!isSame) {
    lastKeys = [...entries.keys()];
    lastSorted = lastKeys.toSorted();
  }
  return lastSorted;
}

interface Member {
  key: string;
  value: Plain;
  /** The key's JSON, its colon, and a comma. */
  keyBytes: number;
  /** The value's canonical text, and how many bytes that takes. */
  text: string;
  bytes: number;
}

function measure(key: string, value: Plain, canonicalize: Canonicalize): Member {
  const text = canonicalize(value);
  return { key, value, text, keyBytes: utf8Bytes(canonicalize(key)) + 2, bytes: utf8Bytes(text) };
}

/** The members that can stay when each is shortened as far as it may be, the smallest first. */
function stayingIn(room: number, members: readonly Member[]): Member[] {
  const least = ({ keyBytes, bytes }: Member): number => keyBytes + Math.min(bytes, leastBytes);
  let left = room;
  return members
    .toSorted((a, b) => least(a) - least(b))
    .filter((member) => (left -= least(member)) >= 0);
}

/** The greatest length to which values can be limited so that all of them fit into the room. */
function commonLimit(room: number, members: readonly Member[]): number {
  let fits = leastBytes;
  let tooMuch = room + 1;
  while (tooMuch - fits > 1) {
    const limit = Math.floor((fits + tooMuch) / 2);
    if (sum(members.map(({ bytes }) => Math.min(bytes, limit))) <= room) fits = limit;
    else tooMuch = limit;
  }
  return fits;
}

function shorten({ value, text, bytes }: Member, limit: number): Plain {
  if (bytes <= limit) return value;
  const start = typeof value === "string" ? value : text;
  return cutToJsonBytes(start, limit - utf8Bytes(ellipsis)) + ellipsis;
}

/** As many names as the marker has room for, and a count of the others. */
function names(all: readonly Plain[], canonicalize: Canonicalize): Plain[] {
  // The marker's own key, brackets and the count are paid for here.
  let room = markerBytes - 128;
  const named = all.filter((name) => (room -= utf8Bytes(canonicalize(name)) + 1) >= 0);
  return named.length === all.length ? named : [...named, `+${all.length - named.length}`];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
