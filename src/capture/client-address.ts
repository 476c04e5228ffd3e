import { type ClientAddressRule, getSlot } from "../slot.ts";

/** Where a request came from, and whether a rule of the app's confirms it. */
export interface ClientAddress {
  address: string;
  verified: boolean;
}

/**
 * The client's address. With trusted proxies it is the entry of `x-forwarded-for` that the outermost
 * of them appended; with a platform's header, that one's value; both are verified.
 *
 * Else it is the last hop, the one that the server itself, or the proxy next to it, wrote; Next.js
 * fills it in from the socket when the client sent none. A client can forge all of it where no proxy
 * stands in front, so it is marked as not verified. Where it wrote junk, the connection's other end is
 * the last hop, if that is known.
 *
 * @param read gives a header's value; what a client sends can be of any length
 * @param peer the connection's other end, as the socket has it
 */
export function findClientAddress(
  read: (header: string) => string | undefined,
  peer?: string,
): ClientAddress | undefined {
  const rule = getSlot().capture?.clientAddress;
  const proven = rule && parseAddress(entryOf(rule, read));
  if (proven !== undefined) return { address: proven, verified: true };
  const lastHop = parseAddress(entryFromRight(read("x-forwarded-for"), 1)) ?? parseAddress(peer);
  return lastHop === undefined ? undefined : { address: lastHop, verified: false };
}

function entryOf(
  rule: ClientAddressRule,
  read: (header: string) => string | undefined,
): string | undefined {
  return "header" in rule
    ? read(rule.header)
    : entryFromRight(read("x-forwarded-for"), rule.trustedProxies);
}

/** Counted from the right, since the client can put any number of entries on the left. */
function entryFromRight(header: string | undefined, position: number): string | undefined {
  if (header === undefined || position < 1) return undefined;
  let end = header.length;
  for (let passed = 1; passed < position; passed += 1) {
    end = header.lastIndexOf(",", end - 1);
    // `lastIndexOf` takes a negative start for 0, and would find a comma there again.
    if (end <= 0) return undefined;
  }
  return header.slice(header.lastIndexOf(",", end - 1) + 1, end);
}

/** The longest address there is, with brackets, a zone and a port, and room for spaces. */
const longestEntry = 100;

const ipv4 = /^((?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|(?![.\d]))){4})(?::\d{1,5})?$/;
const ipv6 =
  /^\[?([0-9a-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?:%[\w.-]{1,16})?(?:\]:\d{1,5}|\])?$/i;

/** The address in one entry of a forwarding header, without port and zone; nothing else passes. */
function parseAddress(entry: string | undefined): string | undefined {
  if (entry === undefined || entry.length > longestEntry) return undefined;
  const text = entry.trim();
  const v4 = ipv4.exec(text)?.[1];
  if (v4 !== undefined) return v4;
  const v6 = ipv6.exec(text)?.[1];
  if (v6 === undefined || !v6.includes(":")) return undefined;
  // The URL parser is the one strict parser of IPv6 literals that every runtime has. It also writes
  // them in one way (RFC 5952), so that one client has one address.
  const url = `http://[${v6}]/`;
  return URL.canParse(url) ? unmapped(new URL(url).hostname.slice(1, -1)) : undefined;
}

const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** An IPv4 address that a dual-stack socket shows as IPv6 (RFC 4291, section 2.5.5.2), as itself. */
function unmapped(address: string): string {
  const [, ...halves] = mapped.exec(address) ?? [];
  if (halves.length === 0) return address;
  return halves
    .map((half) => Number.parseInt(half, 16))
    .flatMap((half) => [half >> 8, half & 0xff])
    .join(".");
}
