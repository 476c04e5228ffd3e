import { randomBytes, timingSafeEqual } from "node:crypto";
import { closeSync, existsSync, readFileSync, rmSync } from "node:fs";
import * as v from "valibot";
import { AuthlogError } from "../errors.ts";
import { replaceFile } from "../files/private-file.ts";
import { openRegular } from "../files/regular-file.ts";
import type { LedgerFiles } from "./files.ts";
import { proofOfToken, readToken, type Tokens } from "./tokens.ts";

/** A ledger that a living process serves. */
export interface ServedLedger {
  readonly url: string;
  readonly tokens: Tokens;
}

const descriptorSchema = v.object({
  version: v.literal(1),
  // Never anywhere but loopback, whatever was written into the file.
  url: v.pipe(v.string(), v.regex(/^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/)),
});

const answerSchema = v.object({ result: v.object({ proof: v.string() }) });

/** How long a server may take to show that it is the ledger. */
const challengeTimeoutMillis = 2_000;

/** Says to other processes where the ledger is. The file appears whole or not at all. */
export function writeDescriptor(files: LedgerFiles, url: string): void {
  const { appendToken, readToken: readTokenFile } = files;
  const text = JSON.stringify({
    version: 1,
    url,
    tokenFiles: { append: appendToken, read: readTokenFile },
  });
  replaceFile(files.descriptor, `${text}\n`);
}

/**
 * Takes the descriptor away; a reader that comes too late finds that nobody answers. One that names
 * another server is not this one's.
 */
export function removeDescriptor(files: LedgerFiles, url: string): void {
  if (urlIn(files.descriptor) === url) rmSync(files.descriptor, { force: true });
}

/**
 * Checks that what has a descriptor's name is one: it will be replaced.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE`
 */
export function assertDescriptor(path: string): void {
  if (!existsSync(path) || urlIn(path) !== undefined) return;
  throw new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `${path} is in the way of the ledger; it was left as it is.`,
    why: "The ledger writes there where it is served, and the file holds something else.",
    fix: "Give the ledger another path, or move that file away.",
  });
}

/** Where a descriptor says that its ledger is served; nothing where it is none. */
function urlIn(path: string): string | undefined {
  try {
    const descriptor = openRegular(path);
    try {
      return v.parse(descriptorSchema, JSON.parse(readFileSync(descriptor, "utf8"))).url;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/**
 * Finds the server that the descriptor names, and has it prove that it holds the ledger's token:
 * a descriptor can outlive its server, and another program can have taken the port since. Only a
 * server that proved itself is ever sent a token.
 *
 * @returns undefined when there is no such server
 */
export async function findServed(files: LedgerFiles): Promise<ServedLedger | undefined> {
  try {
    const url = urlIn(files.descriptor);
    if (url === undefined) return undefined;
    const tokens = { append: readToken(files.appendToken), read: readToken(files.readToken) };
    return (await provesItself(url, tokens.append)) ? { url, tokens } : undefined;
  } catch {
    // Missing, half made or not answering: to the one who asks it is all the same.
    return undefined;
  }
}

async function provesItself(url: string, token: string): Promise<boolean> {
  const nonce = randomBytes(32).toString("hex");
  const response = await fetch(`${url}/authlog/challenge/${nonce}`, {
    redirect: "error",
    // Next.js keeps answers of its `fetch`, unless told not to.
    cache: "no-store",
    signal: AbortSignal.timeout(challengeTimeoutMillis),
  });
  const { proof } = v.parse(answerSchema, await response.json()).result;
  const expected = proofOfToken(token, url, nonce);
  return (
    proof.length === expected.length && timingSafeEqual(Buffer.from(proof), Buffer.from(expected))
  );
}
