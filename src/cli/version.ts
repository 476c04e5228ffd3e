import { existsSync, readFileSync } from "node:fs";

/** The version of the package that this file belongs to. */
export function version(): string {
  // The sources and the built files stand at different depths below package.json.
  let folder = new URL(".", import.meta.url);
  while (!existsSync(new URL("package.json", folder))) folder = new URL("..", folder);
  const manifest = readFileSync(new URL("package.json", folder), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
