import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { App, AppFile, InstalledPackage } from "./app.ts";
import { readSource } from "./source-code.ts";

/** The packages that the checks ask for. */
const looked = [
  "authlog",
  "next",
  "next-auth",
  "@opentelemetry/api",
  "@opentelemetry/api-logs",
  "@opentelemetry/sdk-logs",
  "@opentelemetry/sdk-node",
  "@vercel/otel",
] as const;

const addCommands: readonly (readonly [lockfile: string, command: string])[] = [
  ["pnpm-lock.yaml", "pnpm add"],
  ["yarn.lock", "yarn add"],
  ["bun.lock", "bun add"],
  ["bun.lockb", "bun add"],
];

const maxFiles = 5_000;
const maxFileBytes = 1_024 ** 2;

/** Reads what the checks need to know of the app in a folder. Changes nothing, and asks nobody. */
export function readApp(folder: string): App {
  const manifest = readJson(join(folder, "package.json"));
  const packages = new Map<string, InstalledPackage>();
  for (const name of looked) {
    const found = findPackage(folder, name);
    if (found !== undefined) packages.set(name, found);
  }
  const authlogApi = apiOfAuthlog(folder);
  // Elsewhere than in an app, there is no telling how much lies below.
  const { files, cut } = manifest === undefined ? { files: [], cut: false } : readFiles(folder);
  return {
    folder,
    isPackage: manifest !== undefined,
    install: addCommands.find(([file]) => isAbove(folder, file))?.[1] ?? "npm install",
    packages,
    ...(authlogApi !== undefined && { authlogApi }),
    scripts: stringsOf(manifest?.["scripts"]),
    files,
    cut,
  };
}

/** The version of the API that lies nearest to authlog: two copies are two globals. */
function apiOfAuthlog(folder: string): string | undefined {
  for (const at of upwards(folder)) {
    const own = join(at, "node_modules/authlog");
    if (existsSync(own)) return findPackage(realpathSync(own), "@opentelemetry/api")?.version;
  }
  return undefined;
}

/** As Node looks: in the `node_modules` of this folder, then of each one above it. */
function findPackage(folder: string, name: string): InstalledPackage | undefined {
  for (const at of upwards(folder)) {
    const manifest = readJson(join(at, "node_modules", name, "package.json"));
    const version = manifest?.["version"];
    if (typeof version === "string") return { name, version };
  }
  return undefined;
}

function isAbove(folder: string, file: string): boolean {
  return [...upwards(folder)].some((at) => existsSync(join(at, file)));
}

function* upwards(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}

const isSource = (name: string): boolean =>
  /\.(?:[cm]?[jt]s|[jt]sx)$/.test(name) &&
  !/\.(?:d\.[cm]?ts|(?:test|spec|stories)\.\w+)$/.test(name);
const isOwn = (name: string): boolean =>
  !name.startsWith(".") && !["node_modules", "dist", "build", "out", "coverage"].includes(name);

/** The app's sources, those nearest to its root first. A package inside it is another app's. */
function readFiles(folder: string): Pick<App, "files" | "cut"> {
  const files: AppFile[] = [];
  const queue = [folder];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const entry of entriesOf(at)) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        if (isOwn(entry.name) && !existsSync(join(path, "package.json"))) queue.push(path);
      } else if (entry.isFile() && isSource(entry.name) && statSync(path).size <= maxFileBytes) {
        if (files.length === maxFiles) return { files, cut: true };
        const name = relative(folder, path).split(sep).join("/");
        files.push({ path: name, ...readSource(readFileSync(path, "utf8")) });
      }
    }
  }
  return { files, cut: false };
}

function entriesOf(folder: string): ReturnType<typeof entries> {
  try {
    return entries(folder);
  } catch {
    // Not ours to read.
    return [];
  }
}

const entries = (folder: string) => readdirSync(folder, { withFileTypes: true });

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function stringsOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === "string"));
}
