/** The code of a system error. Its message can repeat a path, or what was to be written. */
export function systemReason(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}
