// Runs the tests on every Node, OpenTelemetry line, Next.js and bundler that the README promises, and
// prints one table. Takes long, and is no part of `npm test`: `npm run test:matrix -- --node 22`
// or `--only unit,integration` runs a part of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = resolve(import.meta.dirname, "..");
const room = join(root, ".reports/matrix");

/** The lowest release that is promised, the last of its line, the one used here, and the newest. */
const nodes = ["22.15.0", "22.23.3", "24.21.0", "26.10.0"];
const nexts = { 15: "15.5.29", 16: "16.4.5" };

/** On 22, Node warns of SQLite and of TypeScript, where a test asks for an empty stderr. */
const quiet = { NODE_OPTIONS: "--disable-warning=ExperimentalWarning" };

const { values: asked } = parseArgs({
  options: { node: { type: "string", multiple: true }, only: { type: "string" } },
});

/** A column of the table: some test files, and what is set for them. */
const columns = [
  { name: "unit", project: "unit" },
  // These tests start our sources as they are, in threads and processes that inherit no option; Node
  // runs TypeScript by itself from 22.18 on. Before that, the built package is what counts.
  { name: "integration", project: "integration", except: ["22.15.0"] },
  { name: "app, OTel 2.x", ...installed("OpenTelemetry 2.x") },
  { name: "app, OTel 3.x", ...installed("OpenTelemetry 3.x") },
  ...Object.entries(nexts).flatMap(([major, version]) =>
    ["turbopack", "webpack"].map((bundler) => ({
      name: `Next ${major}, ${bundler}`,
      ...installed("OpenTelemetry 3.x"),
      // Next.js does not depend on the Node below it in any way of ours: one is enough.
      except: nodes.filter((node) => node !== "24.21.0"),
      env: { AUTHLOG_TEST_NEXT: version, AUTHLOG_TEST_BUNDLER: bundler },
    })),
  ),
];

function installed(kind) {
  return { project: "e2e", args: ["test/e2e/installed.test.ts", "--testNamePattern", kind] };
}

const wanted = columns.filter(({ name }) => isAsked(name));
const table = [];
for (const version of nodes.filter((node) => isAskedNode(node))) {
  const node = await nodeOf(version);
  const cells = {};
  for (const column of wanted) {
    if (column.except?.includes(version) === true) continue;
    cells[column.name] = await runColumn(node, version, column);
    console.log(`Node ${version}, ${column.name}: ${cells[column.name]}`);
  }
  table.push([version, cells]);
}
print(table);
const failed = table.some(([, cells]) =>
  Object.values(cells).some((cell) => !cell.endsWith("passed")),
);
process.exit(failed ? 1 : 0);

function isAsked(name) {
  return (
    asked.only === undefined || asked.only.split(",").some((part) => name.includes(part.trim()))
  );
}

function isAskedNode(version) {
  return asked.node === undefined || asked.node.some((part) => version.startsWith(part));
}

/** The binary of a release, from the npm package that carries it for this platform. */
async function nodeOf(version) {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(room, `node-${version}`);
  const binary = join(folder, "node_modules", name, "bin/node");
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const flags = ["--no-audit", "--no-fund", "--prefer-offline"];
  const child = spawn("npm", ["install", ...flags, `${name}@${version}`], {
    cwd: folder,
    stdio: "inherit",
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`Node ${version} could not be installed.`);
  return binary;
}

async function runColumn(node, version, { name, project, args = [], env = {} }) {
  const report = join(room, "report.json");
  rmSync(report, { force: true });
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = ["--config", ".config/vitest.config.ts", "--project", project];
  const child = spawn(node, [vitest, "run", ...config, ...args], {
    cwd: root,
    // What a test starts by its name, as `npm` does, is to run on the same Node.
    env: {
      ...process.env,
      ...(version.startsWith("22.") && project !== "e2e" ? quiet : {}),
      ...env,
      PATH: `${dirname(node)}:${process.env.PATH}`,
      AUTHLOG_TEST_REPORT: report,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  await once(child, "close");
  const log = join(room, `${version} ${name}.log`.replaceAll(/[^\w.-]+/g, "-"));
  writeFileSync(log, output);
  return summary(report, log);
}

function summary(report, log) {
  if (!existsSync(report)) return `crashed, see ${log}`;
  const { success, numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  if (success && numPassedTests > 0) return `${numPassedTests} passed`;
  // Where a preparation fails no test has failed: all were left out.
  return `${numFailedTests === 0 ? "all" : numFailedTests} FAILED, see ${log}`;
}

function print(rows) {
  console.log(`\n| Node | ${wanted.map(({ name }) => name).join(" | ")} |`);
  console.log(`| --- |${wanted.map(() => " --- |").join("")}`);
  for (const [version, cells] of rows) {
    const line = wanted.map(({ name }) => (cells[name] ?? "").replace(/, see .*/, ""));
    console.log(`| ${version} | ${line.join(" | ")} |`);
  }
}
