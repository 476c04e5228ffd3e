import { join } from "node:path";

/** The version of a package that authlog, or else the app, has. The package is not loaded. */
export function versionOf(name: string): string | undefined {
  // Not imported: bundlers put something of their own in its place, or trace the whole project.
  const { findPackageJSON } = process.getBuiltinModule("node:module");
  const { readFileSync } = process.getBuiltinModule("node:fs");
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
