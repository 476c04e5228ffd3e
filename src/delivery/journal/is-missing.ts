import { statSync } from "node:fs";

/** Whether nothing has the name. What cannot be looked at for a moment, for want of a right or of a descriptor, is there. */
export function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
