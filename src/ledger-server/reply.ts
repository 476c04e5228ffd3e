import { randomBytes } from "node:crypto";
import { refusals, type Refusal } from "./refusal.ts";

/** What a handler answers with: the text of `result`, as JSON, and a sentence for people. */
export interface Success {
  readonly resultJson: string;
  readonly summary: string;
}

// The answers hold an audit trail: nothing may store, frame, sniff or embed them, and no page of
// another origin is ever let in (there is no CORS header at all).
const headers: Readonly<Record<string, string>> = {
  "content-type": "application/json; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
};

/** Pangea's envelope around a result. `requestMillis`: when the request came in. */
export function successReply(requestMillis: number, nowMillis: number, success: Success): Response {
  const { resultJson, summary } = success;
  return reply(200, requestMillis, nowMillis, { status: "Success", summary, resultJson });
}

/** Pangea's envelope around a refusal. */
export function refusalReply(requestMillis: number, nowMillis: number, refusal: Refusal): Response {
  const { status, message: summary, faults, hangUp } = refusal;
  const resultJson = faults.length === 0 ? "null" : JSON.stringify({ errors: faults });
  const extra = {
    ...(hangUp && { connection: "close" }),
    ...(status === "Unauthorized" && { "www-authenticate": "Bearer" }),
    ...(status === "MethodNotAllowed" && { allow: "POST" }),
  };
  return reply(refusals[status], requestMillis, nowMillis, { status, summary, resultJson }, extra);
}

function reply(
  httpStatus: number,
  requestMillis: number,
  nowMillis: number,
  { status, summary, resultJson }: Success & { status: string },
  extra: Readonly<Record<string, string>> = {},
): Response {
  const envelope = JSON.stringify({
    request_id: newId("prq_"),
    request_time: new Date(requestMillis).toISOString(),
    response_time: new Date(nowMillis).toISOString(),
    status,
    summary,
  });
  // Records are stored as JSON: they are put in as they are, not parsed and written again.
  const body = `${envelope.slice(0, -1)},"result":${resultJson}}`;
  return new Response(body, { status: httpStatus, headers: { ...headers, ...extra } });
}

const digits = "abcdefghijklmnopqrstuvwxyz234567";

/** An id in Pangea's manner: the prefix and 32 random digits of base 32. */
export function newId(prefix: string): string {
  let id = prefix;
  for (const byte of randomBytes(32)) id += digits[byte % 32];
  return id;
}
