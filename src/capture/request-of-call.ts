import type { EventRequest } from "../event/auth-event.ts";
import { guarded } from "./emit-event.ts";
import { readField, readText } from "./read.ts";
import { type ReadableHeaders, readRequest } from "./request-context.ts";
import { parseUrl } from "../telemetry/built-ins.ts";

/**
 * The request that a handler was called with: a Request, or Node's in the pages router. A plain
 * object is none: the arguments of a server action are whatever its caller sent.
 */
export function readCallRequest(request: unknown): EventRequest | undefined {
  const address = readText(request, "url");
  if (address === undefined || isPlain(request)) return undefined;
  const path = parseUrl(address, "http://localhost")?.pathname;
  return readRequest(headersOf(request), readText(request, "method"), { path });
}

/** The status that Node's response of the pages router has by now. */
export function readCallStatus(response: unknown): number | undefined {
  const status = readField(response, "statusCode");
  return typeof status === "number" && !isPlain(response) ? status : undefined;
}

/** A Request has its headers in a Headers, Node's request in an object. */
export function headersOf(request: unknown): ReadableHeaders {
  if (request instanceof Request) return request.headers;
  const headers = readField(request, "headers");
  return {
    peer: readText(readField(request, "socket"), "remoteAddress"),
    get(name) {
      const value = readField(headers, name);
      return typeof value === "string" ? value : Array.isArray(value) ? value.join(", ") : null;
    },
  };
}

function isPlain(value: unknown): boolean {
  const prototype: unknown = guarded(() => Object.getPrototypeOf(value) as unknown) ?? null;
  return prototype === Object.prototype || prototype === null;
}
