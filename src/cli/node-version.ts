import { AuthlogError } from "../errors.ts";
import { atLeast, parseVersion } from "./doctor/versions.ts";
import { manifest } from "./manifest.ts";

/** Why the commands cannot run on a version of Node; `undefined` where they can. */
export function nodeTooOld(version: string): AuthlogError | undefined {
  const least = manifest().engines.node.replace(/^>=/, "");
  if (atLeast(version, parseVersion(`${least}.0`))) return undefined;
  return new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: `Node ${version} is too old.`,
    why: `authlog needs Node ${least} or later.`,
    fix: "Run it with a newer Node, for example after `nvm install 24`.",
  });
}
