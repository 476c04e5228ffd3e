import { RequestFault } from "./request-fault.ts";

/** What is sent, and the limits that it is sent within. */
export interface PostOnceOptions {
  token: string;
  body: string;
  /** A body of more bytes is not sent. */
  maxRequestBytes: number;
  /** Ends the exchange, also while the answer is being read. */
  signal: AbortSignal;
}

/** An answer to 1,000 events takes 80 kB. */
const maxAnswerBytes = 4 * 1024 * 1024;

/** An answer with its body, read to the end. */
export interface Exchange {
  response: Response;
  bytes: ArrayBuffer;
}

/**
 * One POST, one answer: nothing is repeated, and no redirect is followed, since the token would go
 * along.
 *
 * @throws RequestFault if the body is too large, either way; else what `fetch` throws.
 */
export async function postOnce(
  url: URL,
  { token, body, maxRequestBytes, signal }: PostOnceOptions,
): Promise<Exchange> {
  if (Buffer.byteLength(body) > maxRequestBytes) throw new RequestFault("request-too-large");
  return exchange(url, { method: "POST", body, signal, headers: headersOf(token) });
}

/** One GET, under the rules of {@link postOnce}. */
export async function getOnce(
  url: URL,
  { token, signal }: Pick<PostOnceOptions, "token" | "signal">,
): Promise<Exchange> {
  return exchange(url, { method: "GET", signal, headers: headersOf(token) });
}

function headersOf(token: string): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/json",
    "User-Agent": "authlog",
  };
}

async function exchange(url: URL, init: RequestInit): Promise<Exchange> {
  const response = await fetch(url, {
    ...init,
    redirect: "manual",
    // Some frameworks put a cache of their own behind `fetch`.
    cache: "no-store",
  });
  return { response, bytes: await readCapped(response) };
}

async function readCapped(response: Response): Promise<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  // Leaving the loop by a throw cancels the stream, and the connection with it.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxAnswerBytes) throw new RequestFault("answer-too-large");
    chunks.push(chunk);
  }
  return new Blob(chunks).arrayBuffer();
}
