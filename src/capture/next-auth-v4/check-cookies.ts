import type { CheckCookie } from "../provider-answer.ts";
import { readField, readText } from "../read.ts";

/** Who an answer says it is from, and what it says. */
interface ClaimedAnswer {
  providerId: string | undefined;
  /** The parameter `state`. */
  state: string | undefined;
  /** The app's configuration, into which next-auth wrote its secret. */
  config: unknown;
}

/**
 * Whether the cookies of the checks are those of a sign-in with this provider that is being answered.
 * Next-auth 4 looks at them (`core/lib/oauth/checks.js`) only when a code comes, and never when an error
 * does, which the client could then choose.
 */
export async function passesChecks(
  cookies: readonly CheckCookie[],
  { providerId, state, config }: ClaimedAnswer,
): Promise<boolean> {
  const secret = readText(readField(config, "jwt"), "secret") ?? readText(config, "secret");
  if (secret === undefined) return false;
  for (const { check, name, value } of cookies) {
    const content = await openCookie(value, name, secret);
    if (readText(content, "provider") !== providerId) return false;
    if (Number(readField(content, "exp")) + toleranceSeconds < Date.now() / 1000) return false;
    if (check === "state" && readText(content, "value") !== state) return false;
  }
  return true;
}

/** As next-auth has it. */
const toleranceSeconds = 15;

const encoder = new TextEncoder();

/** What a cookie of next-auth 4 holds: a JWE (RFC 7516) with `dir` and `A256GCM`. */
async function openCookie(token: string, name: string, secret: string): Promise<unknown> {
  const [header = "", , iv = "", content = "", tag = ""] = token.split(".");
  try {
    const key = await crypto.subtle.deriveKey(
      {
        name: "HKDF",
        hash: "SHA-256",
        salt: encoder.encode(name),
        info: encoder.encode(`NextAuth.js Generated Encryption Key (${name})`),
      },
      await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]),
      { name: "AES-GCM", length: 256 },
      false,
      ["decrypt"],
    );
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: bytesOf(iv), additionalData: encoder.encode(header) },
      key,
      new Uint8Array([...bytesOf(content), ...bytesOf(tag)]),
    );
    return JSON.parse(new TextDecoder().decode(plain)) as unknown;
  } catch {
    return undefined;
  }
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
