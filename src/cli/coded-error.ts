import { AuthlogError } from "../errors.ts";
import { systemReason } from "../files/system-reason.ts";

/**
 * What Node threw over a command's options or over a path that it was given, with a code of ours;
 * `undefined` for an error that no user has brought about.
 *
 * @param command whose help tells the options
 */
export function codedError(error: unknown, command: string): AuthlogError | undefined {
  if (AuthlogError.is(error)) return error;
  if (!(error instanceof Error)) return undefined;
  const reason = systemReason(error);
  // `parseArgs` has codes of this form for options that it does not know or that lack a value.
  if (reason?.startsWith("ERR_PARSE_ARGS") === true) {
    return new AuthlogError("ERR_AUTHLOG_USAGE", {
      message: error.message,
      why: `authlog ${command} was called with something that it does not take.`,
      fix: `See authlog ${command} --help.`,
      cause: error,
    });
  }
  const path: unknown = Reflect.get(error, "path");
  if (reason === undefined || typeof path !== "string") return undefined;
  return new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: `${path} cannot be used (${reason}).`,
    why: "It is what authlog was told to use, or lies below that; the system refuses it.",
    fix: `Give a path that this user may use. See authlog ${command} --help.`,
    cause: error,
  });
}
