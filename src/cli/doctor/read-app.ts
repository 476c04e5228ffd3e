import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { App, InstalledPackage } from "./app.ts";

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

/** Reads what the checks need to know of the app in a folder. Changes nothing, and asks nobody. */
export function readApp(folder: string): App {
  const manifest = readJson(join(folder, "package.json"));
  const packages = new Map<string, InstalledPackage>();
  for (const name of looked) {
    const found = findPackage(folder, name);
    if (found !== undefined) packages.set(name, found);
  }
  const authlogApi = apiOfAuthlog(folder);
  return {
    folder,
    isPackage: manifest !== undefined,
    install: addCommands.find(([file]) => isAbove(folder, file))?.[1] ?? "npm install",
    packages,
    ...(authlogApi !== undefined && { authlogApi }),
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
