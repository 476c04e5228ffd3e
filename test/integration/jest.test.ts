import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const jest = createRequire(join(root, "test/jest/package.json")).resolve("jest/bin/jest");

/** The README's code that holds a text, as a reader would copy it. */
function readmeCode(text: string): string {
  const blocks = [...readme.matchAll(/^```(?:ts|js|sh)\n([\s\S]*?)^```$/gm)];
  const code = blocks.map(([, block = ""]) => block).find((block) => block.includes(text));
  if (code === undefined) throw new Error(`The README has no code with ${text}.`);
  return code;
}

/** The README's testing example as one test: its imports above, all else within. */
function exampleTest(): string {
  const lines = readmeCode("createTestAudit()").split("\n");
  const imports = lines.filter((line) => line.startsWith("import "));
  const body = lines.filter((line) => !line.startsWith("import "));
  return [...imports, 'test("it is audited", () => {', ...body, "});"].join("\n");
}

const [, flag = ""] = /^NODE_OPTIONS=(\S+) npx jest$/m.exec(readmeCode("npx jest")) ?? [];

let folder: string;
beforeEach(() => {
  mkdirSync(join(root, ".reports"), { recursive: true });
  folder = mkdtempSync(join(root, ".reports/jest-"));
  // A package, and not a link into the repository: what is below node_modules Jest does not transform.
  for (const part of ["package.json", "dist"])
    cpSync(join(root, part), join(folder, "node_modules/authlog", part), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function runJest(files: Readonly<Record<string, string>>, nodeOptions: string): string {
  for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content);
  const { stdout, stderr } = spawnSync(process.execPath, [jest, "--ci", "--rootDir", folder], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env.PATH, NODE_OPTIONS: nodeOptions, NEXT_TELEMETRY_DISABLED: "1" },
  });
  return stdout + stderr;
}

const passed = expect.stringMatching(/^Tests: +1 passed, 1 total$/m);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

describe("the README's testing example", () => {
  it("runs in Jest as it comes, as an ES module", { timeout: 60_000 }, () => {
    const files = { "package.json": '{ "type": "module" }', "it.test.js": exampleTest() };
    expect(runJest(files, flag)).toEqual(passed);
  });

  it.runIf(major > 24 || (major === 24 && minor >= 9))(
    "runs in Jest as it comes, in a package of CommonJS",
    { timeout: 60_000 },
    () => {
      const files = { "package.json": "{}", "it.test.js": exampleTest() };
      expect(runJest(files, flag)).toEqual(passed);
    },
  );

  it("runs with next/jest", { timeout: 60_000 }, () => {
    mkdirSync(join(folder, "app"));
    const files = {
      "package.json": "{}",
      "jest.config.mjs": readmeCode('from "next/jest.js"'),
      "it.test.ts": exampleTest(),
    };
    expect(runJest(files, "")).toEqual(passed);
  });
});
