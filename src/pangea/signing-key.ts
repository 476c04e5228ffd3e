import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import type { AuditService } from "pangea-node-sdk";
import { AuthlogError } from "../errors.ts";

/** Signs events in the SDK's own signing path, which takes it for one of its own. */
export type EventSigner = NonNullable<NonNullable<Parameters<AuditService["log"]>[1]>["signer"]>;

/** A private key as PEM takes 119 bytes; what is much longer is not one. */
const maxBytes = 16_384;

/**
 * Reads an Ed25519 private key, PEM of PKCS#8, from a file that not everyone can read. No error, and
 * no inspection of the signer, shows anything of the key.
 *
 * @throws AuthlogError `ERR_AUTHLOG_SIGNING_KEY` naming the file and the mend
 */
export function readSigningKey(path: string): EventSigner {
  const key = parseKey(path, readPrivate(path));
  const publicKey = createPublicKey(key).export({ format: "pem", type: "spki" });
  const signer = {
    // Called in the name of the SDK's class, which it does not export.
    sign: (text: string) => sign(null, Buffer.from(text), key).toString("base64"),
    getPublicKey: () => publicKey,
    getAlgorithm: () => "ED25519",
  };
  return signer as unknown as EventSigner;
}

function readPrivate(path: string): string {
  let descriptor: number | undefined;
  try {
    // A FIFO would hold up the whole process until something writes to it. A link is followed: that is
    // how secrets are mounted.
    // oxlint-disable-next-line no-bitwise -- open(2) takes its flags so
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    const { mode, size } = stat;
    if (!stat.isFile() && !stat.isDirectory()) throw unusable(path, "It is no file.", make(path));
    // Windows has no such bits, and reports that everyone may read.
    if ((mode & 0o007) !== 0 && process.platform !== "win32") {
      throw unusable(path, "Anyone on this machine can read it.", `Run: chmod 600 ${path}`);
    }
    if (size > maxBytes) throw unusable(path, "It is far too long to be a key.", make(path));
    return readFileSync(descriptor, "utf8");
  } catch (error) {
    if (AuthlogError.is(error)) throw error;
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw unusable(path, `It cannot be read (${String(code)}).`, make(path));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function parseKey(path: string, pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey({ key: pem, format: "pem" });
  } catch {
    // What OpenSSL says of a text that is no key can repeat a part of it.
    throw unusable(path, "It holds no private key as PEM, or one with a passphrase.", make(path));
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw unusable(path, `Its key is of the type ${key.asymmetricKeyType}, not Ed25519.`, make(path));
}

function make(path: string): string {
  return `Make one: openssl genpkey -algorithm ed25519 -out ${path} && chmod 600 ${path}`;
}

function unusable(path: string, why: string, fix: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_SIGNING_KEY", {
    message: `The signing key in ${path} cannot be used; no event is sent unsigned in its place.`,
    why,
    fix,
  });
}
