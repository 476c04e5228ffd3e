import { AuthlogError } from "../errors.ts";
import { report } from "../telemetry/diagnostics.ts";

/** The longest delay that a timer of Node's can have. */
const longestTimerMillis = 2 ** 31 - 1;

/**
 * Options of whole numbers, each with its default where it is not set. One that cannot be used is
 * reported and its default taken: `Number(undefined)` in an app's set-up must not end a process at
 * its first sign-in.
 */
export function checkedOptions<T extends object>(
  given: Partial<T> | undefined,
  defaults: Readonly<T>,
): T {
  const checked = Object.entries(defaults).map(([name, fallback]) => {
    const value: unknown = (given as Record<string, unknown> | undefined)?.[name];
    if (value === undefined) return [name, fallback];
    const usable =
      Number.isInteger(value) && Number(value) >= 0 && Number(value) <= longestTimerMillis;
    if (!usable) report(invalid(name, fallback));
    return [name, usable ? value : fallback];
  });
  return Object.fromEntries(checked) as T;
}

function invalid(name: string, fallback: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: `${name} of the audit processor cannot be used; ${String(fallback)} is taken.`,
    why: `It must be a whole number from 0 to ${longestTimerMillis}.`,
    fix: `Set ${name} to such a number, or leave it out.`,
  });
}
