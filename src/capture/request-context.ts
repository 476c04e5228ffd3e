import type { EventRequest } from "../event/auth-event.ts";
import { parseTraceparent } from "../telemetry/traceparent.ts";
import { findClientAddress } from "./client-address.ts";
import { guarded } from "./emit-event.ts";
import { readText } from "./read.ts";

/** The part of a request's headers that capture reads: of a Request, or of `next/headers`. */
export interface ReadableHeaders {
  get(name: string): string | null;
  /** The other end of the connection, where the server shows it: in the pages router. */
  readonly peer?: string | undefined;
}

/** What a request asked for: any path, or one of NextAuth's own routes. */
type Place = { readonly [Name in "path" | "route"]?: string | undefined };

/** Where a request came from, and what it asked for. A header that cannot be read is as none. */
export function readRequest(
  headers: ReadableHeaders,
  method: string | undefined,
  { path, route }: Place,
): EventRequest {
  const read = (name: string): string | undefined => {
    const value: unknown = guarded(() => headers.get(name));
    return typeof value === "string" ? value : undefined;
  };
  const client = findClientAddress(read, readText(headers, "peer"));
  const userAgent = read("user-agent");
  const caller = parseTraceparent(read("traceparent") ?? "");
  return {
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    ...(route !== undefined && { route }),
    ...(client && { clientAddress: client.address, clientAddressVerified: client.verified }),
    ...(userAgent !== undefined && { userAgent }),
    ...(caller && { caller }),
  };
}

/**
 * The request that the calling code runs in, asked of Next.js: in server components, server actions
 * and route handlers. A server action is always a POST; the path is not to be had.
 */
export async function requestOfContext(method?: string): Promise<EventRequest> {
  const headers = await headersOfContext();
  return headers === undefined ? {} : readRequest(headers, method, {});
}

/**
 * The headers of the request that the calling code runs in, one object for as long as it lasts; or
 * nothing outside of a request, and in the pages router.
 */
export async function headersOfContext(): Promise<ReadableHeaders | undefined> {
  try {
    // The extension is for plain Node: Next.js has no `exports` that would resolve without it.
    const { headers } = await import("next/headers.js");
    return await headers();
  } catch {
    return undefined;
  }
}
