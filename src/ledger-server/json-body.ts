import { invalid, Refusal } from "./refusal.ts";
import { duplicateMember } from "./duplicate-member.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads and parses the body of a request. No more than `maxBytes` is ever held.
 *
 * @throws Refusal when the body is not JSON in UTF-8, is too large, or says one thing twice
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new Refusal("UnsupportedMediaType", "The content type must be application/json.");
  }
  const bytes = await readBytes(request, maxBytes);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw invalid("BadFormat", "", "The body is not UTF-8.");
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // V8's message quotes the body, which may hold what nobody is to read in a log.
    throw invalid("BadFormat", "", "The body is not JSON.");
  }
  // RFC 8259, section 4, leaves open which of two members counts: a sender and a verifier could
  // read different events from the same bytes.
  if (duplicateMember(text)) throw invalid("BadFormat", "", "An object has a member twice.");
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw invalid("InvalidObject", "", "The body must be an object.");
  return body;
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > maxBytes) throw tooLarge(maxBytes);
    // Node's parser reads exactly the declared length.
    return new Uint8Array(await request.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal("RequestTooLarge", `The body is larger than ${maxBytes} bytes.`);
}
