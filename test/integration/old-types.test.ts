import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const app = fileURLToPath(new URL("../old-types", import.meta.url));

// TypeScript 7, which checks everything else, does not know this way of resolving modules any more.
it("every entry has its types in an app whose `moduleResolution` is `node`, as Next.js 15 sets it", async () => {
  const typescript = createRequire(join(app, "app.ts")).resolve("typescript");
  const compiler = join(dirname(typescript), "tsc.js");
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, [compiler, "-p", join(app, "node10.json")], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  expect(said).toBe("");
});
