import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../../src/setup/config.ts";
import { attributes } from "../../src/vocabulary.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The TypeScript of the README, as a reader would copy it: each block is a file of its own. */
/** Recipes for other set-ups bring packages of their own: test/e2e/recipes.test.ts runs them. */
const ownText = readme.replaceAll(/<!-- recipe: [\s\S]*?<!-- \/recipe -->/g, "");
const blocks = [...ownText.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);

/** What the second edit takes for granted: the reader's own configuration. */
const authConfig = `import type { NextAuthConfig } from "next-auth";
export const config: NextAuthConfig = { providers: [] };
`;

let folder: string;

beforeAll(() => {
  mkdirSync(join(root, ".reports"), { recursive: true });
  folder = mkdtempSync(join(root, ".reports/readme-"));
  writeFileSync(join(folder, "auth.config.ts"), authConfig);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2023",
        module: "esnext",
        moduleResolution: "bundler",
        lib: ["es2024", "dom"],
        types: ["node"],
        strict: true,
        noEmit: true,
        skipLibCheck: true,
      },
    }),
  );
  for (const [index, code] of blocks.entries()) writeFileSync(fileOf(index), code);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (index: number): string => join(folder, `block-${index}.ts`);

function run(command: string, args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    // No collector is asked for here; the SDK would otherwise look for one on this machine.
    env: {
      AUTHLOG_BANNER: "0",
      PATH: process.env.PATH,
      // On Node 22 the matrix silences warnings by it.
      NODE_OPTIONS: process.env.NODE_OPTIONS,
      PANGEA_TOKEN: "pts_readme",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
    },
  });
  // The README's ledger is on the default port, which another program here may have.
  const notice = /^\[authlog\] ERR_AUTHLOG_LEDGER_PORT_IN_USE: .*\n(?: {2}.*\n){3}/m;
  return { status, output: stdout + stderr.replace(notice, "") };
}

describe("the README's code", () => {
  it("is there", () => expect(blocks.length).toBeGreaterThanOrEqual(6));

  it("has the types that it says", { timeout: 60_000 }, () => {
    expect(run(join(root, "node_modules/.bin/tsc"), ["-p", folder])).toEqual({
      status: 0,
      output: "",
    });
  });

  // next-auth itself runs in Next.js only: that block is what the example app is built from.
  const runnable = [...blocks.entries()].filter(([, code]) => !code.includes('from "next-auth"'));
  it.each(runnable.map(([index, code]) => [code.trim().split("\n").at(-1), index] as const))(
    "runs: %s",
    { timeout: 60_000 },
    (_, index) => {
      const { status, output } = run(process.execPath, [fileOf(index)]);
      expect({ status, output }).toEqual({
        status: 0,
        output: blocks[index]?.includes("console.log") ? "1\n" : "",
      });
    },
  );

  it("wraps NextAuth as the example app does, which the browser tests sign in to", () => {
    const app = readFileSync(join(root, "examples/auth-js-v5/auth.ts"), "utf8");
    const edit = "export const { handlers, auth, signIn, signOut } = withAuthlog(NextAuth)(";
    expect(readme).toContain(edit);
    expect(app).toContain(edit);
    const registered = readFileSync(join(root, "examples/auth-js-v5/instrumentation.ts"), "utf8");
    expect(readme).toContain(registered.trim());
  });
});

describe("the README's tables", () => {
  it("name each attribute that a record can carry, and no other", () => {
    const table = /<!-- attributes -->([\s\S]*?)<!-- \/attributes -->/.exec(readme)?.[1] ?? "";
    const named = table
      .split("\n")
      .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)])
      .map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(Object.values(attributes)));
  });

  it("tell the defaults that the code has", () => {
    const { batch } = resolveConfig({}, {});
    for (const [name, { value }] of Object.entries(batch)) {
      const row = readme.split("\n").find((line) => line.startsWith(`| \`batch.${name}\``));
      expect(row).toContain(` ${value} `);
    }
  });
});
