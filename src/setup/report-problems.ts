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

function asOne(code: AuthlogError["code"], problems: readonly AuthlogError[]): AuthlogError {
  return new AuthlogError(code, {
    message: problems.map(({ message }) => message).join(" "),
    why: problems.map(({ why }) => why).join(" "),
    fix: problems.map(({ fix }) => fix).join(" "),
  });
}
