import { join } from "node:path";

/**
 * Loads a package past the bundlers, which cannot pack it: as authlog itself would find it, else as the
 * app would. In a workspace the app need not have authlog's neighbours; in a folder that Next.js put
 * together for `output: "standalone"`, authlog's own place need not be there.
 *
 * @returns `undefined` where neither finds it
 */
export function loadInstalled(name: string): unknown {
  // Not imported: bundlers evaluate calls of an imported `createRequire`.
  const { createRequire } = process.getBuiltinModule("node:module");
  for (const place of [import.meta.url, join(process.cwd(), "package.json")]) {
    let require: NodeJS.Require;
    try {
      require = createRequire(place);
      require.resolve(name);
    } catch {
      // Not here; or a bundler that makes CommonJS has left nothing of `import.meta`.
      continue;
    }
    return require(name);
  }
  return undefined;
}
