import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The version of a package that authlog, or else the app, has. The package is not loaded. */
export function versionOf(name: string): string | undefined {
  // Asked of Node itself: bundlers would put something of their own in its place.
  const { findPackageJSON } = process.getBuiltinModule("node:module");
  for (const place of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      const path = findPackageJSON(name, place) ?? "";
      return (JSON.parse(readFileSync(path, "utf8")) as { version?: string }).version;
    } catch {
      // Not here.
    }
  }
  return undefined;
}
