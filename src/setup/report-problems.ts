import { AuthlogError } from "../errors.ts";
import { report } from "../telemetry/diagnostics.ts";

/**
 * Says which settings cannot be used, all of them at once: a second diagnostic of the same code would
 * only be counted, and its setting never be named.
 */
export function reportProblems(problems: readonly AuthlogError[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  report(others.length === 0 ? first : asOne(first.code, problems));
}

/** What keeps authlog from being set up, as an error that can be reported. */
export function setupFailed(cause: unknown): AuthlogError {
  return AuthlogError.is(cause)
    ? cause
    : new AuthlogError("ERR_AUTHLOG_SETUP_FAILED", {
        message: "authlog could not be set up; audit events are not delivered.",
        why: cause instanceof Error ? cause.message : "Something that is no error was thrown.",
        fix: "Look at the cause. The app itself goes on.",
        cause,
      });
}

function asOne(code: AuthlogError["code"], problems: readonly AuthlogError[]): AuthlogError {
  return new AuthlogError(code, {
    message: problems.map(({ message }) => message).join(" "),
    why: problems.map(({ why }) => why).join(" "),
    fix: problems.map(({ fix }) => fix).join(" "),
  });
}
