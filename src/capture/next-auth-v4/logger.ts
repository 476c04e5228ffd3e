import { readField, readText } from "../read.ts";

/**
 * Prints an error as next-auth 4 does where the app has no logger of its own: its code, where to read
 * on, and its message. Of a check of OAuth that failed it leaves out what was compared.
 */
export function printError(
  [code, metadata]: readonly unknown[],
  // oxlint-disable-next-line no-console -- stands in for next-auth's own console logger
  print: (...lines: string[]) => void = console.error,
): void {
  const name = typeof code === "string" ? code : "UNKNOWN_ERROR";
  const error = metadata instanceof Error ? metadata : readField(metadata, "error");
  const message = readText(metadata, "message") ?? readText(error, "message") ?? "";
  const stack = readText(error, "stack") ?? "";
  print(
    `[next-auth][error][${name}]`,
    `\nhttps://next-auth.js.org/errors#${name.toLowerCase()}`,
    withoutValues(message),
    stack.replace(message, withoutValues),
  );
}

/** As openid-client words it: the values stand in the message, and they are secrets. */
const comparison = /(\b(?:state|nonce) mismatch), expected [^]*/;

const withoutValues = (message: string): string => message.replace(comparison, "$1");
