import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { expect, it, onTestFinished } from "vitest";

const input = fileURLToPath(new URL("../../../src/setup/installed-package.ts", import.meta.url));

it("finds a package from the app's folder where a bundler has left nothing of `import.meta`", async () => {
  const folder = mkdtempSync(join(tmpdir(), "authlog-bundled-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "bundled.cjs");
  const bundle = await rolldown({
    input,
    platform: "neutral",
    external: /^node:/,
    transform: { define: { "import.meta.url": "undefined" } },
  });
  await bundle.write({ file, format: "cjs" });
  const { loadInstalled } = createRequire(file)(file) as {
    loadInstalled: (name: string) => unknown;
  };
  expect(loadInstalled("valibot")).toHaveProperty("parse");
  expect(loadInstalled("no-such-package-anywhere")).toBeUndefined();
});
