import { createHmac, hash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { AuthlogError } from "../errors.ts";

/** What a token allows: to append events, or to read them. Neither includes the other. */
export type Role = "append" | "read";

/** The two tokens of a ledger. */
export type Tokens = Readonly<Record<Role, string>>;

const shape = /^authlog_(?:append|read)_[A-Za-z0-9_-]{43}$/;

/**
 * Reads a token, and makes it (256 random bits, mode 0600) at the first start. The caller holds the
 * ledger's lock, so two processes never make two.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE` when the file holds something else
 */
export function ensureToken(path: string, role: Role): string {
  const token = `authlog_${role}_${randomBytes(32).toString("base64url")}`;
  try {
    writeFileSync(path, `${token}\n`, { flag: "wx", mode: 0o600, flush: true });
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  chmodSync(path, 0o600);
  return readToken(path);
}

/** Reads a token that is there. Throws as {@link ensureToken} does. */
export function readToken(path: string): string {
  const token = readFileSync(path, "utf8").trim();
  if (shape.test(token)) return token;
  throw new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `${path} holds no token of a ledger.`,
    why: "The file was cut short or edited.",
    fix: "Delete the file: the next start of the ledger makes a new token.",
  });
}

/** The role that a token gives, if any, in a time that does not tell how close a guess came. */
export function roleChecker(tokens: Tokens): (token: string) => Role | undefined {
  const append = digest(tokens.append);
  const read = digest(tokens.read);
  return (token) => {
    const given = digest(token);
    const isAppend = timingSafeEqual(given, append);
    const isRead = timingSafeEqual(given, read);
    if (isAppend) return "append";
    return isRead ? "read" : undefined;
  };
}

/** Equal lengths, whatever was sent: `timingSafeEqual` takes nothing else. */
function digest(token: string): Buffer {
  return hash("sha256", token, "buffer");
}

/**
 * What a server answers to a challenge to show that it holds the ledger's token, without sending
 * it. The address is part of it, so that a foreign server cannot pass the challenge on to the real
 * one and its answer back.
 */
export function proofOfToken(token: string, url: string, nonce: string): string {
  return createHmac("sha256", token).update(`authlog.ledger.v1\n${url}\n${nonce}`).digest("hex");
}
