// Runs the tests on every Node, OpenTelemetry line, Next.js and bundler that the README promises, and
// prints what came of it as tables. Takes long, and is no part of `npm test`: `npm run test:matrix --
// --node 22` or `--only unit,webpack` runs a part of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = resolve(import.meta.dirname, "..");
const room = join(root, ".reports/matrix");

/** The lowest release that is promised, the last of its line, the one used here, and the newest. */
const nodes = ["22.15.0", "22.23.3", "24.21.0", "26.10.0"];
const nexts = { 15: "15.5.29", 16: "16.4.5" };

const { arch, platform } = process;

/** What lacks something that authlog needs, and says so: each by its package, and the program in it. */
const otherRuntimes = {
  AUTHLOG_TEST_NODE_20: nodePackage("20.20.2"),
  // Later ones have SQLite.
  AUTHLOG_TEST_BUN: {
    name: `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}`,
    version: "1.2.22",
    program: "bin/bun",
  },
  AUTHLOG_TEST_DENO: {
    name: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`,
    version: "2.9.6",
    program: "deno",
  },
};

/** On 22, Node warns of SQLite and of TypeScript, where a test asks for an empty stderr. */
const quiet = { NODE_OPTIONS: "--disable-warning=ExperimentalWarning" };

const { values: asked } = parseArgs({
  options: { node: { type: "string", multiple: true }, only: { type: "string" } },
});

const major4 = "next-auth 4, on OpenTelemetry";
const major5 = "next-auth 5, on OpenTelemetry";

/** What is run on each Node: some test files, and what is set for them. */
const onEachNode = [
  { column: "unit", project: "unit" },
  // These tests start our sources as they are, in threads and processes that inherit no option; Node
  // runs TypeScript by itself from 22.18 on. Before that, the built package is what counts.
  { column: "integration", project: "integration", except: ["22.15.0"] },
  { column: `${major4} 2.x`, ...installed(`${major4} 2.x`) },
  { column: `${major5} 3.x`, ...installed(`${major5} 3.x`) },
  // The first release of each that is promised, and on the Node for every day what takes longest.
  {
    column: `${major4} 2.x at its lowest`,
    except: nodes.slice(1),
    ...installed(`${major4} 2.x at its lowest`),
  },
  {
    column: "10,000 batches",
    project: "integration",
    args: ["test/integration/scripted-receiver.test.ts"],
    env: { TEST_AUTHLOG_LONG: "1" },
    except: nodes.filter((node) => node !== "24.21.0"),
  },
];

/**
 * Next.js does not depend on the Node below it in any way of ours: one is enough. Both majors of
 * next-auth on both lines of OpenTelemetry are among these.
 */
const onEachNext = [
  { bundler: "turbopack", kinds: [`${major4} 2.x`, `${major5} 3.x`] },
  { bundler: "webpack", kinds: [`${major4} 3.x`, `${major5} 2.x`] },
];

/** One run, and its place in one of the tables. */
const cells = [
  {
    table: "Node 24.21.0",
    row: "Node 20, Bun, Deno",
    column: "runtimes",
    node: "24.21.0",
    project: "integration",
    args: ["test/integration/runtimes.test.ts"],
    programs: otherRuntimes,
  },
  ...nodes.flatMap((node) =>
    onEachNode
      .filter(({ except = [] }) => !except.includes(node))
      .map((run) => ({ table: "Node", row: node, node, ...run })),
  ),
  ...Object.entries(nexts).flatMap(([major, next]) =>
    onEachNext.flatMap(({ bundler, kinds }) =>
      kinds.map((kind) => ({
        table: "Node 24.21.0",
        row: `Next ${major}, ${bundler}`,
        column: kind,
        node: "24.21.0",
        ...installed(kind, { TEST_AUTHLOG_NEXT: next, TEST_AUTHLOG_BUNDLER: bundler }),
      })),
    ),
  ),
];

function installed(kind, env = {}) {
  const args = ["test/e2e/installed.test.ts"];
  return { project: "e2e", args, env: { ...env, TEST_AUTHLOG_APP: kind } };
}

const wanted = cells.filter((cell) => isAsked(cell));
for (const cell of wanted) {
  const began = performance.now();
  // Whatever happens in one, the others are run as well.
  cell.result = await runCell(cell).catch((error) => `FAILED: ${error.message}`);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${cell.table} ${cell.row}, ${cell.column}: ${cell.result} (${seconds} s)`);
}
for (const table of new Set(wanted.map((cell) => cell.table))) {
  print(wanted.filter((cell) => cell.table === table));
}
process.exitCode = wanted.every(({ result }) => result.endsWith("passed")) ? 0 : 1;

function isAsked({ node, row, column }) {
  const names = `${row}, ${column}`;
  return (
    (asked.node === undefined || asked.node.some((part) => node.startsWith(part))) &&
    (asked.only === undefined || asked.only.split(",").some((part) => names.includes(part.trim())))
  );
}

/** The npm package that carries the binary of a release of Node for this platform. */
function nodePackage(version) {
  const name = `node-${platform === "win32" ? "win" : platform}-${arch}`;
  return { name, version, program: "bin/node" };
}

/** The program that a package carries, installed where it is not yet. */
async function programOf({ name, version, program }) {
  const folder = join(room, `${name.replaceAll(/[^a-z0-9-]/g, "-")}-${version}`);
  const binary = join(folder, "node_modules", name, program);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const flags = ["--no-audit", "--no-fund", "--prefer-offline"];
  const child = spawn("npm", ["install", ...flags, `${name}@${version}`], {
    cwd: folder,
    stdio: "inherit",
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${name} ${version} could not be installed.`);
  chmodSync(binary, 0o755);
  return binary;
}

async function runCell({ table, row, column, node, project, args = [], env = {}, programs = {} }) {
  const report = join(room, "report.json");
  rmSync(report, { force: true });
  const binary = await programOf(nodePackage(node));
  const paths = {};
  for (const [name, carried] of Object.entries(programs)) paths[name] = await programOf(carried);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = ["--config", ".config/vitest.config.ts", "--project", project];
  const child = spawn(binary, [vitest, "run", ...config, ...args], {
    cwd: root,
    // What a test starts by its name, as `npm` does, is to run on the same Node.
    env: {
      ...process.env,
      ...(node.startsWith("22.") && project !== "e2e" ? quiet : {}),
      ...env,
      ...paths,
      PATH: `${dirname(binary)}:${process.env.PATH}`,
      TEST_AUTHLOG_REPORT: report,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  await once(child, "close");
  const log = join(room, `${table} ${row} ${column}.log`.replaceAll(/[^\w.-]+/g, "-"));
  writeFileSync(log, output);
  return summary(report, log);
}

function summary(report, log) {
  if (!existsSync(report)) return `FAILED: crashed, see ${log}`;
  const { success, numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  if (success && numPassedTests > 0) return `${numPassedTests} passed`;
  // Where a preparation fails no test has failed: all were left out.
  return `FAILED: ${numFailedTests === 0 ? "all" : numFailedTests}, see ${log}`;
}

function print(done) {
  const columns = [...new Set(done.map(({ column }) => column))];
  console.log(`\n| ${done[0].table} | ${columns.join(" | ")} |`);
  console.log(`| --- |${columns.map(() => " --- |").join("")}`);
  for (const row of new Set(done.map((cell) => cell.row))) {
    const line = columns.map((column) => {
      const cell = done.find((one) => one.row === row && one.column === column);
      return cell === undefined ? "" : cell.result.replace(/, see .*/, "");
    });
    console.log(`| ${row} | ${line.join(" | ")} |`);
  }
}
