// Runs the tests on every Node, OpenTelemetry line, Next.js and bundler that the README promises, and
// prints what came of it as tables. Takes long, and is no part of `npm test`: `npm run test:matrix --
// --node 22` or `--only unit,webpack` runs a part of it.
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

async function runCell({ table, row, column, node, project, args = [], env = {} }) {
  const report = join(room, "report.json");
  rmSync(report, { force: true });
  const binary = await nodeOf(node);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = ["--config", ".config/vitest.config.ts", "--project", project];
  const child = spawn(binary, [vitest, "run", ...config, ...args], {
    cwd: root,
    // What a test starts by its name, as `npm` does, is to run on the same Node.
    env: {
      ...process.env,
      ...(node.startsWith("22.") && project !== "e2e" ? quiet : {}),
      ...env,
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
