import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { isIdentifierShaped } from "../event/privacy.ts";
import { attributes } from "../vocabulary.ts";
import type { Shape } from "./setting.ts";

/** A key for pseudonyms. Node's own object for it shows its bytes to no log. */
export interface PseudonymKey {
  readonly id: string;
  readonly key: KeyObject;
}

const minKeyBytes = 16;

const keyId = /^[\w.-]{1,32}$/;
const hexadecimal = /^(?:[0-9a-f]{2})+$/i;
const base64 = /^[\w+/-]+={0,2}$/;

/** One key or several, as `AUTHLOG_PSEUDONYM_KEY` has them. */
export const pseudonymKeys: Shape<readonly PseudonymKey[]> = {
  description:
    "id:key, or several with commas between them: each id another one, of at most 32 letters, digits, dots, hyphens and underscores; each key at least 16 bytes, in base64 or hexadecimal",
  parse(value) {
    if (typeof value !== "string") return undefined;
    const keys = value.split(",").map(parseKey);
    const ids = new Set(keys.map((key) => key?.id));
    return keys.every((key) => key !== undefined) && ids.size === keys.length ? keys : undefined;
  },
};

function parseKey(entry: string): PseudonymKey | undefined {
  const [id = "", encoded = "", ...rest] = entry.trim().split(":");
  if (!keyId.test(id) || rest.length > 0) return undefined;
  // What could be either is taken for hexadecimal: a key in base64 that has no other letters, by
  // chance, does not occur.
  const bytes = hexadecimal.test(encoded)
    ? Buffer.from(encoded, "hex")
    : Buffer.from(base64.test(encoded) ? encoded : "", "base64");
  return bytes.length < minKeyBytes ? undefined : { id, key: createSecretKey(bytes) };
}

/** Attributes that name, or may name, a person. They share one domain, so that what one person did can be joined. */
export const identities: ReadonlySet<string> = new Set([
  attributes.userId,
  attributes.userEmail,
  attributes.userFullName,
  attributes.attemptedIdentifier,
  attributes.target,
]);

/**
 * The pseudonym of an attribute's text: `hmac-sha256:<key id>:<64 hexadecimal digits>`.
 *
 * The hash is whole, so that any tool can make it again; with the longest key id it is 109 bytes,
 * within the 128 that Pangea gives an actor, and the cap of every attribute. What is hashed begins with
 * a domain, so that an address and a user who are called the same stay apart. An e-mail address is
 * hashed in small letters, as people type it in either.
 */
export function pseudonymOf({ id, key }: PseudonymKey, attribute: string, text: string): string {
  const isIdentity = identities.has(attribute);
  const domain = isIdentity ? "identity" : attribute;
  const message = `authlog.v1\n${domain}\n${isIdentity ? normalise(text) : text}`;
  return `hmac-sha256:${id}:${createHmac("sha256", key).update(message, "utf8").digest("hex")}`;
}

function normalise(text: string): string {
  const name = text.trim().normalize("NFC");
  return isIdentifierShaped(name) ? name.toLowerCase() : name;
}
