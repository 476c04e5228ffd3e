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
    const refusal = new Refusal("UnsupportedMediaType", "The type must be application/json.");
    return await refuseUnread(request, refusal);
  }
  const tooLarge = new Refusal("RequestTooLarge", `The body is larger than ${maxBytes} bytes.`);
  const bytes = await readBytes(request, maxBytes, tooLarge);
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

/**
 * Refuses a request whose body has not been read. The body is read to its end and dropped, since a
 * server that answers and hangs up while the sender still writes resets the connection: the sender
 * would see a broken pipe, and not the answer.
 */
export async function refuseUnread(request: Request, refusal: Refusal): Promise<never> {
  await readBytes(request, 0, refusal);
  throw refusal;
}

/** Bytes that are read and dropped for the sake of an answer; whoever sends more is cut off. */
const maxDroppedBytes = 64 * 1_024 ** 2;

/** The body, or the refusal where it is larger than `maxBytes`; no more than that is ever held. */
async function readBytes(
  request: Request,
  maxBytes: number,
  refusal: Refusal,
): Promise<Uint8Array> {
  try {
    const declared = request.headers.get("content-length");
    // Node's parser reads exactly the declared length.
    if (declared !== null && Number(declared) <= maxBytes)
      return new Uint8Array(await request.arrayBuffer());
    return await collect(request.body ?? new Blob().stream(), maxBytes, refusal);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // The sender went away in the middle: nobody reads this answer, and it is no fault of ours.
    throw invalid("BadFormat", "", "The body ended early.");
  }
}

async function collect(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  refusal: Refusal,
): Promise<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length <= maxBytes) chunks.push(chunk);
    else chunks = [];
    if (length - maxBytes > maxDroppedBytes) {
      refusal.hangUp = true;
      break;
    }
  }
  if (length > maxBytes) throw refusal;
  return Buffer.concat(chunks, length);
}
