import type { EventRequest } from "../event/auth-event.ts";

/** The part of a request's headers that capture reads: of a Request, or of `next/headers`. */
export interface ReadableHeaders {
  get(name: string): string | null;
}

/**
 * Where a request came from.
 *
 * The address is the last hop of `x-forwarded-for`, the one that the server itself, or the proxy
 * next to it, wrote; Next.js fills it in from the socket when the client sent none. A client can
 * forge all of it where no proxy stands in front, so it is marked as not verified.
 */
export function readRequest(
  headers: ReadableHeaders,
  method: string | undefined,
  path: string | undefined,
): EventRequest {
  const lastHop = headers.get("x-forwarded-for")?.slice(-512).split(",").at(-1)?.trim();
  const clientAddress = lastHop === undefined ? undefined : parseAddress(lastHop);
  const userAgent = headers.get("user-agent");
  return {
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    ...(clientAddress !== undefined && { clientAddress, clientAddressVerified: false }),
    ...(userAgent !== null && { userAgent }),
  };
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$|:)|(?=$|:))){4}(?::\d{1,5})?$/;
const ipv6 =
  /^\[?([0-9a-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?:%[\w.-]{1,16})?(?:\]:\d{1,5}|\])?$/i;

/** The address in one entry of a forwarding header, without its port; nothing else passes. */
function parseAddress(entry: string): string | undefined {
  if (ipv4.test(entry)) return entry.split(":")[0];
  const address = ipv6.exec(entry)?.[1]?.toLowerCase();
  if (address === undefined || !address.includes(":")) return undefined;
  // The URL parser is the one strict parser of IPv6 literals that every runtime has.
  if (!URL.canParse(`http://[${address}]/`)) return undefined;
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/**
 * The request that the calling code runs in, asked of Next.js: in server components, server actions
 * and route handlers. A server action is always a POST; the path is not to be had.
 */
export async function requestOfContext(method?: string): Promise<EventRequest> {
  try {
    // The extension is for plain Node: Next.js has no `exports` that would resolve without it.
    const { headers } = await import("next/headers.js");
    return readRequest(await headers(), method, undefined);
  } catch {
    // Outside of a request there are no headers.
    return {};
  }
}
