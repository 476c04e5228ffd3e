import { createHmac, hash, randomBytes, timingSafeEqual } from "node:crypto";
import { closeSync, existsSync, fchmodSync, fstatSync, readFileSync } from "node:fs";
import { AuthlogError } from "../errors.ts";
import { writeNewFile } from "../files/private-file.ts";
import { isOwn, openRegular } from "../files/regular-file.ts";
import { systemReason } from "../files/system-reason.ts";

/** What a token allows: to append events, or to read them. Neither includes the other. */
export type Role = "append" | "read";

/** The two tokens of a ledger. */
export type Tokens = Readonly<Record<Role, string>>;

const shape = /^authlog_(?:append|read)_[A-Za-z0-9_-]{43}$/;
/** A token has 58 at most; what is far longer is none. */
const maxBytes = 1_024;

/**
 * Reads a token, and makes it (256 random bits, mode 0600) at the first start. The caller holds the
 * ledger's lock, so two processes never make two.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE` when the file holds something else, is a link, or
 *   belongs to another user
 */
export function ensureToken(path: string, role: Role): string {
  const token = `authlog_${role}_${randomBytes(32).toString("base64url")}`;
  try {
    writeNewFile(path, `${token}\n`, true);
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return readToken(path);
    throw error;
  }
}

/** Reads a token that is there, and makes it private again. Throws as {@link ensureToken} does. */
export function readToken(path: string): string {
  return withToken(path, (token, file) => {
    fchmodSync(file, 0o600);
    return token;
  });
}

/** Checks that what has a token file's name is one, where anything has it. Throws as {@link ensureToken} does. */
export function assertToken(path: string): void {
  if (existsSync(path)) withToken(path, () => undefined);
}

/** Hands out the text of a regular file of this user's: one who could put another there would know the token. */
function withToken<T>(path: string, use: (token: string, file: number) => T): T {
  let file: number;
  try {
    file = openRegular(path);
  } catch (error) {
    const reason = systemReason(error);
    if (reason === "ELOOP") throw foreign(path, "It is a link.", error);
    if (reason === "EFTYPE") throw foreign(path, "It is no regular file.", error);
    throw error;
  }
  try {
    const stat = fstatSync(file);
    if (!isOwn(stat)) throw foreign(path, "It belongs to another user, who may know the token.");
    const token = stat.size > maxBytes ? "" : readFileSync(file, "utf8").trim();
    if (shape.test(token)) return use(token, file);
    throw new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
      message: `${path} holds no token of a ledger.`,
      why: "The file was cut short or edited, or is another program's.",
      fix: "Delete the file, if it is the ledger's: the next start makes a new token. Else give the ledger another path.",
    });
  } finally {
    closeSync(file);
  }
}

function foreign(path: string, why: string, cause?: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `${path} is not a token file of the ledger's own.`,
    why,
    fix: "Delete the file: the next start of the ledger makes a new token.",
    cause,
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
