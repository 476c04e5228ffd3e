import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every module that an import pulls in, in a fresh process that runs the built package. */
function importsOf(specifier: string): string[] {
  const code = `
    import { registerHooks } from "node:module";
    const urls = [];
    registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
    await import(${JSON.stringify(specifier)});
    process.stdout.write(JSON.stringify(urls));`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", code],
    { cwd: root, encoding: "utf8" },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as string[];
}

const heavy = /@opentelemetry|pangea|hono|valibot|sqlite|\/next\//;

it.each(["authlog", "authlog/next-auth", "authlog/instrumentation"])(
  "an import of %s loads no SDK, no server and no database",
  (specifier) => {
    const urls = importsOf(specifier);
    expect(urls.length).toBeGreaterThan(0);
    expect(urls.filter((url) => heavy.test(url))).toEqual([]);
  },
);

it("of Node's own modules, what the edge runtime may import needs async_hooks alone", () => {
  const urls = [...importsOf("authlog"), ...importsOf("authlog/next-auth")];
  expect(new Set(urls.filter((url) => url.startsWith("node:")))).toEqual(
    new Set(["node:async_hooks"]),
  );
});
