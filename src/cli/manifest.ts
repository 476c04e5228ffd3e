import { existsSync, readFileSync } from "node:fs";

/** What `package.json` says of the package that this file belongs to. */
export interface Manifest {
  readonly version: string;
  /** Of the form `>=22.15`. */
  readonly engines: { readonly node: string };
}

/** Reads the package's own `package.json`. */
export function manifest(): Manifest {
  // The sources and the built files stand at different depths below package.json.
  let folder = new URL(".", import.meta.url);
  while (!existsSync(new URL("package.json", folder))) folder = new URL("..", folder);
  return JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as Manifest;
}
