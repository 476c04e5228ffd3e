import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Figures, interleave } from "./measure.ts";

const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;

/** How long an import takes in a fresh process, in milliseconds, measured inside of it. */
export function measureImportTime(): Promise<Figures[]> {
  const targets: [name: string, specifier: string][] = [
    ["node:async_hooks, the one built-in that capture needs", "node:async_hooks"],
    ["authlog/next-auth", dist("src/capture/with-authlog.js")],
    ["authlog", dist("src/index.js")],
    ["pangea-node-sdk, which waits for the first export", import.meta.resolve("pangea-node-sdk")],
  ];
  const contenders = targets.map(([name, specifier]) => ({
    name,
    unit: "ms",
    sample: () => Promise.resolve(importOnce(specifier)),
  }));
  return interleave(contenders, 11);
}

function importOnce(specifier: string): number {
  const code = `const start = performance.now(); await import(${JSON.stringify(specifier)}); process.stdout.write(String(performance.now() - start));`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", code],
    { encoding: "utf8", cwd: fileURLToPath(new URL("../..", import.meta.url)) },
  );
  if (status !== 0) throw new Error(`The import of ${specifier} failed: ${stderr}`);
  return Number(stdout);
}
