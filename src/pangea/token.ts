import { AuthlogError } from "../errors.ts";
import { deferred } from "../telemetry/built-ins.ts";

/** A token, or what gives the one that is valid now, so that it can be rotated without a restart. */
export type TokenSource = string | (() => string | Promise<string>);

/**
 * The token to send with the next request.
 *
 * @throws AuthlogError `ERR_AUTHLOG_TOKEN_MISSING` if there is none, or none that a header can carry.
 */
export async function currentToken(source: TokenSource, signal: AbortSignal): Promise<string> {
  const token = typeof source === "string" ? source : await beforeAbort(source, signal);
  // Checked here since an error of `Headers` would repeat the value.
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw missing("The token is empty, or has characters that no header can carry.");
}

async function beforeAbort(
  source: () => string | Promise<string>,
  signal: AbortSignal,
): Promise<string> {
  const { promise: aborted, reject } = deferred<never>();
  const onAbort = (): void => reject(missing("The token function did not answer in time."));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    return await Promise.race([aborted, callSource(source)]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function callSource(source: () => string | Promise<string>): Promise<string> {
  try {
    return await source();
  } catch {
    // What it threw may hold the secret that it works with.
    throw missing("The token function failed.");
  }
}

function missing(why: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_TOKEN_MISSING", {
    message: "There is no token to deliver audit events with.",
    why,
    fix: "Set PANGEA_TOKEN, or pass `token`: a string, or a function that returns the current one.",
  });
}
