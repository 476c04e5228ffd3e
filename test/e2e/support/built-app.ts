import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

export const repository: string = resolve(import.meta.dirname, "../../..");

export type Bundler = "turbopack" | "webpack";

/** Where an app comes from: a folder to copy, or its files. */
export interface AppSource {
  name: string;
  folder?: string;
  /** An example whose installed versions the app has too. */
  linked?: string;
  /** Contents by path. */
  files?: Readonly<Record<string, string>>;
  /** Settings of next.config.ts. */
  config?: Readonly<Record<string, unknown>>;
  /** Puts this many physical copies of the built package into the app's own node_modules. */
  packageCopies?: readonly string[];
}

export interface BuiltApp {
  folder: string;
  /** Everything that `next build` said. */
  buildOutput: string;
}

/** One of the examples, as it stands in the repository. */
export const example = (name: string): AppSource => ({
  name,
  folder: join(repository, "examples", name),
});

const run = promisify(execFile);

/** The program of the Next.js that the app in a folder has: an example can have its own version. */
export function nextOf(folder: string): string {
  return createRequire(join(folder, "package.json")).resolve("next/dist/bin/next");
}

/**
 * A production build of an app in a git-ignored folder of its own, so that both bundlers can stand
 * side by side. The build is kept until the app, the built package or the lockfile changes.
 */
export async function builtApp(
  bundler: Bundler,
  source: AppSource = example("auth-js-v5"),
): Promise<BuiltApp> {
  if (!existsSync(join(repository, "dist"))) throw new Error("Run `npm run build` first.");
  const folder = join(repository, "test/e2e/.apps", `${source.name}-${bundler}`);
  const log = join(folder, "build.log");
  const stamp = join(folder, "build.stamp");
  const inputs = digest(source, bundler);
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== inputs) {
    rmSync(folder, { recursive: true, force: true });
    stage(source, folder);
    writeFileSync(log, await build(folder, bundler));
    writeFileSync(stamp, inputs);
  }
  return { folder, buildOutput: readFileSync(log, "utf8") };
}

async function build(folder: string, bundler: Bundler): Promise<string> {
  const { NODE_ENV: _, ...env } = process.env;
  const { stdout, stderr } = await run(
    process.execPath,
    [nextOf(folder), "build", `--${bundler}`],
    {
      cwd: folder,
      env: { ...env, NEXT_TELEMETRY_DISABLED: "1" },
    },
  );
  return stdout + stderr;
}

function stage(source: AppSource, to: string): void {
  const { folder: from, linked = from, files, config: own, packageCopies } = source;
  mkdirSync(to, { recursive: true });
  if (from !== undefined) cpSync(from, to, { recursive: true, filter: isSource });
  if (linked !== undefined) {
    // An example with versions of its own finds them beside its copy, too.
    const installed = join(linked, "node_modules");
    if (existsSync(installed)) symlinkSync(installed, join(to, "node_modules"));
  }
  for (const [path, content] of Object.entries(files ?? {})) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), content);
  }
  for (const name of packageCopies ?? []) copyPackage(name, join(to, "node_modules", name));
  const config = {
    turbopack: { root: repository },
    outputFileTracingRoot: repository,
    transpilePackages: ["authlog-example-shared"],
    ...own,
  };
  writeFileSync(join(to, "next.config.ts"), `export default ${JSON.stringify(config)};\n`);
}

function copyPackage(name: string, to: string): void {
  cpSync(join(repository, "dist"), join(to, "dist"), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as object;
  writeFileSync(join(to, "package.json"), JSON.stringify({ ...manifest, name }));
}

function digest({ folder, ...source }: AppSource, bundler: Bundler): string {
  const hash = createHash("sha256").update(JSON.stringify([source, bundler, process.version]));
  const shared = ["dist", "examples/shared", "package-lock.json"];
  const roots = [folder, ...shared.map((path) => join(repository, path))];
  for (const root of [...roots, import.meta.filename]) {
    if (root !== undefined) for (const path of filesUnder(root)) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}

function filesUnder(path: string): string[] {
  if (!isSource(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .toSorted()
    .flatMap((name) => filesUnder(join(path, name)));
}

const made = new Set([".next", ".authlog", ".data", "node_modules", "next-env.d.ts"]);
const isSource = (path: string): boolean =>
  !made.has(basename(path)) && !/\.(?:png|tsbuildinfo)$/.test(path);
