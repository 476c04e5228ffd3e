/**
 * Prints an error as Auth.js does where the app has no logger of its own: its type, its message and
 * where it came from. Of the details that Auth.js adds, nothing: they can hold the expected value of
 * a check, which is a secret.
 */
export function printAuthError(error: unknown): void {
  if (!(error instanceof Error)) return;
  const { type, cause } = error as Error & { type?: unknown };
  const name = typeof type === "string" ? type : error.name;
  const inner =
    typeof cause === "object" && cause !== null && "err" in cause && cause.err instanceof Error
      ? cause.err
      : undefined;
  // oxlint-disable-next-line no-console -- stands in for Auth.js's own console logger
  console.error(`[auth][error] ${name}: ${error.message}`);
  // oxlint-disable-next-line no-console -- as above
  console.error(inner === undefined ? error.stack : `[auth][cause]: ${inner.stack}`);
}
