/** The code of a system error. Its message can repeat a path, or what was to be written. */
export function systemReason(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}

/**
 * What was caught, as a sentence of an error's `why`. For errors of Node, of SQLite and of the system
 * over a file or a module: those of other code can hold what is private.
 */
export function causeText(error: unknown): string {
  if (!(error instanceof Error)) return "Something that is no error was thrown.";
  const [line = ""] = error.message.split("\n");
  const reason = systemReason(error);
  const text = reason === undefined || line.includes(reason) ? line : `${line} (${reason})`;
  return `The cause: ${text}${/[.!?]$/.test(text) ? "" : "."}`;
}
