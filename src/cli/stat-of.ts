import { type Stats, statSync } from "node:fs";
import { systemReason } from "../files/system-reason.ts";

/**
 * What stands at a path; `undefined` where nothing does yet.
 *
 * @throws the system's error where nothing can stand there, as below a file
 */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (systemReason(error) !== "ENOENT") throw error;
    return undefined;
  }
}
