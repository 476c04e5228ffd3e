import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const src = join(root, "src");

/** Folders and single files of `src/`, from the ground up. What is missing here does not belong. */
const floors: readonly (readonly string[])[] = [
  ["errors.ts", "slot.ts", "suggest.ts", "time.ts", "vocabulary.ts"],
  ["audit-schema", "canonical", "event", "merkle", "telemetry"],
  ["files"],
  ["delivery", "ledger", "pangea"],
  ["capture", "ledger-server"],
  ["setup", "testing"],
  ["cli", "index.ts", "otel.ts"],
];

/** What only some places may reach for. The key is a module, or a name in the code. */
const reserved: Readonly<Record<string, (file: string) => boolean>> = {
  "node:sqlite": (file) => file.startsWith("ledger/store") || file === "files/kernel-lock.ts",
  "pangea-node-sdk": (file) => file.startsWith("pangea/"),
  hono: (file) => file.startsWith("ledger-server/"),
  "@hono/node-server": (file) => file.startsWith("ledger-server/"),
  // Node 20 lacks it, and the compiler does not know: see telemetry/built-ins.ts.
  "URL.parse": () => false,
  // The slot asks whether `next build` runs, when it is made.
  "process.env": (file) => ["setup/config.ts", "slot.ts"].includes(file) || file.startsWith("cli/"),
};

interface SourceFile {
  path: string;
  code: string;
  imports: string[];
}

const files: SourceFile[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => {
    const code = readFileSync(join(src, path), "utf8");
    const imports = [...code.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((m) => m[1] ?? "");
    return { path, code: code.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""), imports };
  });

const folderOf = (path: string): string => path.split("/")[0] ?? path;
const floorOf = (path: string): number => floors.findIndex((f) => f.includes(folderOf(path)));

const isPure = (path: string): boolean => floorOf(path) <= 1;

/** Pairs of a file of ours and one of its own imports that lies in `src/`. */
const edges = files.flatMap(({ path, imports }) =>
  imports
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => ({
      from: path,
      to: relative(src, resolve(src, dirname(path), specifier)),
    })),
);

describe("the floors of the design", () => {
  it("every source file stands on a floor", () => {
    expect(files.filter(({ path }) => floorOf(path) < 0).map(({ path }) => path)).toEqual([]);
    expect(edges.length).toBeGreaterThan(0);
  });

  it("a floor imports only from floors below it, and folders on one floor do not know each other", () => {
    const wrong = edges
      .filter(({ from, to }) => folderOf(from) !== folderOf(to) && floorOf(to) >= floorOf(from))
      // The single files of the ground floor are one folder in all but name.
      .filter(({ from, to }) => !(floorOf(from) === 0 && floorOf(to) === 0));
    expect(wrong).toEqual([]);
  });

  it("Node's modules stay out of the ground floors and of what an edge bundle imports", () => {
    const edgeSafe = reachableFrom(["index.ts", "capture/with-authlog.ts"]);
    const wrong = files
      .filter(({ path }) => isPure(path) || edgeSafe.has(path))
      .flatMap(({ path, imports }) => imports.map((specifier) => ({ path, specifier })))
      .filter(({ specifier }) => specifier.startsWith("node:"))
      .filter(({ path, specifier }) => isPure(path) || specifier !== "node:async_hooks");
    expect(wrong).toEqual([]);
  });

  it("modules that have one home are not imported elsewhere", () => {
    const wrong = files.flatMap(({ path, code, imports }) =>
      Object.entries(reserved)
        .filter(
          ([name]) =>
            imports.includes(name) ||
            code.includes(`"${name}"`) ||
            (name.includes(".") && code.includes(name)),
        )
        .filter(([, allowed]) => !allowed(path))
        .map(([name]) => ({ path, name })),
    );
    expect(wrong).toEqual([]);
  });
});

function reachableFrom(entries: string[]): Set<string> {
  const seen = new Set<string>();
  const queue = entries.filter((entry) => files.some(({ path }) => path === entry));
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    queue.push(...edges.filter(({ from }) => from === path).map(({ to }) => to));
  }
  return seen;
}
