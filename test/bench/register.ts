import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtApp, example } from "../e2e/support/built-app.ts";
import { startApp } from "../e2e/support/running-app.ts";
import { type Figures, summarize } from "./measure.ts";

/** What one start gives, by unit. */
type Sample = Readonly<Record<string, number>>;

const bareRounds = 15;
const appRounds = 12;
const warmUps = 300;
const requests = 1500;

/** The built package, in processes of their own. */
const entry = new URL("../../dist/instrumentation.js", import.meta.url).href;
const registers = `const { register } = await import(${JSON.stringify(entry)}); await register();`;
/** The file that says where the ledger listens is the last that is written. */
const untilServed = `${registers}
  const { existsSync } = await import("node:fs");
  while (!existsSync(".authlog/ledger.json")) await new Promise((resolve) => setTimeout(resolve, 2));`;

const token = { PANGEA_TOKEN: "pts_bench", PANGEA_BASE_URL_TEMPLATE: "http://127.0.0.1:1" };

/** How long a bare Node takes to start, and what it holds, alone and with `register`. */
export function measureBareStart(): Promise<Figures[]> {
  const variants: readonly [name: string, code: string, env: Record<string, string>][] = [
    ["nothing", "", {}],
    ["nothing, again", "", {}],
    ["register, with a token", registers, token],
    ["the same, with tracing", registers, { ...token, AUTHLOG_TRACING: "true" }],
    ["register, without a token", registers, {}],
    ["the same, until the embedded ledger serves", untilServed, {}],
  ];
  return alternate(
    variants.map(([name, code, env]) => [name, () => Promise.resolve(startBare(code, env))]),
    bareRounds,
  );
}

function startBare(code: string, env: Readonly<Record<string, string>>): Sample {
  const folder = mkdtempSync(join(tmpdir(), "authlog-bench-"));
  const script = `${code}
    const ms = performance.now();
    process.stdout.write(JSON.stringify({ ms, MB: process.memoryUsage.rss() / 1024 ** 2 }));
    process.exit();`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", script],
    { cwd: folder, encoding: "utf8", env: { PATH: process.env.PATH, AUTHLOG_BANNER: "0", ...env } },
  );
  rmSync(folder, { recursive: true });
  if (status !== 0) throw new Error(`The start failed: ${stderr}`);
  return JSON.parse(stdout) as Sample;
}

const plainRoute = `export const dynamic = "force-dynamic";
export const GET = () => Response.json({ plain: true });
`;
const asREADME = 'export { register } from "authlog/instrumentation";\n';

/** The same of a production server, with a route that has nothing to do with NextAuth. */
export async function measureAppStart(
  settings: Readonly<Record<string, string>>,
): Promise<Figures[]> {
  const { folder } = example("auth-js-v5");
  const build = (name: string, instrumentation: string) =>
    builtApp("turbopack", {
      name: `register-${name}`,
      ...(folder !== undefined && { folder }),
      files: { "app/api/plain/route.ts": plainRoute, "instrumentation.ts": instrumentation },
    });
  const without = await build("without", "export function register() {}\n");
  const light = await build("light", asREADME);
  const traced = readFileSync(join(folder ?? "", "instrumentation.ts"), "utf8");
  const withTracing = await build("tracing", traced);
  const start = (app: typeof without) => () => startServer(app, settings);
  return alternate(
    [
      ["without register", start(without)],
      ["without register, again", start(without)],
      ["register", start(light)],
      ["register, with tracing", start(withTracing)],
    ],
    appRounds,
  );
}

async function startServer(
  app: Awaited<ReturnType<typeof builtApp>>,
  settings: Readonly<Record<string, string>>,
): Promise<Sample> {
  const began = performance.now();
  await using running = await startApp(app, settings);
  const ask = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) await (await fetch(`${running.url}/api/plain`)).text();
  };
  await ask(1);
  const ms = performance.now() - began;
  const MB = running.residentBytes() / 1024 ** 2;
  await ask(warmUps);
  const before = running.processorMillis();
  await ask(requests);
  return { ms, MB, "µs of processor": ((running.processorMillis() - before) / requests) * 1000 };
}

/** Samples the variants in turn, after one round that is not counted. */
async function alternate(
  variants: readonly (readonly [name: string, sample: () => Promise<Sample>])[],
  rounds: number,
): Promise<Figures[]> {
  const samples = variants.map(() => [] as Sample[]);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, [, sample]] of variants.entries()) {
      const taken = await sample();
      if (round > 0) samples[index]?.push(taken);
    }
  }
  const units = Object.keys(samples[0]?.[0] ?? {});
  return units.flatMap((unit) =>
    variants.map(([name], index) =>
      summarize(name, unit, samples[index]?.map((sample) => sample[unit] ?? Number.NaN) ?? []),
    ),
  );
}
