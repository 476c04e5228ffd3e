import { readField, readText } from "../read.ts";

/**
 * Prints an error as next-auth 4 does where the app has no logger of its own: its code, where to read
 * on, and its message.
 */
export function printError([code, metadata]: readonly unknown[]): void {
  const name = typeof code === "string" ? code : "UNKNOWN_ERROR";
  const error = metadata instanceof Error ? metadata : readField(metadata, "error");
  // oxlint-disable-next-line no-console -- stands in for next-auth's own console logger
  console.error(
    `[next-auth][error][${name}]`,
    `\nhttps://next-auth.js.org/errors#${name.toLowerCase()}`,
    readText(metadata, "message") ?? readText(error, "message") ?? "",
    error instanceof Error ? (error.stack ?? "") : "",
  );
}
