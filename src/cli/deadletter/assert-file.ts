import { AuthlogError } from "../../errors.ts";
import { statOf } from "../stat-of.ts";

/**
 * Before the first dead letter there is no file, which is no fault; but nothing else can hold them.
 *
 * @throws AuthlogError `ERR_AUTHLOG_USAGE` where the path is a folder, or no file of another kind; the
 *   system's error where it cannot be looked at
 */
export function assertFile(path: string): void {
  const stat = statOf(path);
  if (stat === undefined || stat.isFile()) return;
  throw new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: `${path} cannot be used (${stat.isDirectory() ? "EISDIR" : "no regular file"}).`,
    why: "Dead letters are the lines of one file.",
    fix: "Give the path of that file, by --path or AUTHLOG_DEAD_LETTER_PATH.",
  });
}
