import { createHmac, hash, randomBytes, timingSafeEqual } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE` when the file holds something else, is a link, or
 *   belongs to another user
 */
export function ensureToken(path: string, role: Role): string {
  const token = `authlog_${role}_${randomBytes(32).toString("base64url")}`;
  try {
    writeFileSync(path, `${token}\n`, { flag: "wx", mode: 0o600, flush: true });
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return readToken(path);
    // A disk that is full leaves a file with half a token, or none.
    rmSync(path, { force: true });
    throw error;
  }
}

/** Reads a token that is there, and makes it private again. Throws as {@link ensureToken} does. */
export function readToken(path: string): string {
  const token = readOwn(path).trim();
  if (shape.test(token)) return token;
  throw new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `${path} holds no token of a ledger.`,
    why: "The file was cut short or edited.",
    fix: "Delete the file: the next start of the ledger makes a new token.",
  });
}

/** The text of a regular file of this user's: whoever could put another there knows the token. */
function readOwn(path: string): string {
  // Windows has neither flag, and no such links for users without rights.
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") throw foreign(path, error);
    throw error;
  }
  try {
    const stats = fstatSync(file);
    const isOwn = process.getuid === undefined || stats.uid === process.getuid();
    if (!stats.isFile() || !isOwn) throw foreign(path);
    fchmodSync(file, 0o600);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function foreign(path: string, cause?: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `${path} is not a token file of the ledger's own.`,
    why: "It is a link, no regular file, or belongs to another user, who may know the token.",
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
