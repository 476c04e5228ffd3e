import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../support/collector.ts";
import { repository } from "./built-app.ts";
import type { LedgerAccess } from "./proven-events.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

/** An app in a folder of its own, outside the repository, that knows authlog as a package alone. */
export interface InstalledApp {
  folder: string;
  /** Adds packages, each pinned or a file. */
  install(...packages: string[]): Promise<void>;
  /** Runs lines of a shell as a reader types them. */
  shell(lines: string): Promise<void>;
  write(files: Readonly<Record<string, string>>): void;
  /** An app in a folder of this one. */
  inside(path: string): InstalledApp;
  build(...flags: string[]): Promise<void>;
  /** Runs the package's command and gives what it printed. */
  authlog(args: readonly string[], settings?: Settings): Promise<string>;
  /** Starts the app as `next start` or `next dev` does, on a free port. */
  start(
    mode: "start" | "dev",
    settings?: Settings,
    flags?: readonly string[],
  ): Promise<RunningProcess>;
  /**
   * Moves what `output: "standalone"` built to another place, and starts it there on a free port.
   *
   * @param server where `server.js` is in it
   */
  startElsewhere(settings?: Settings, server?: string): Promise<RunningProcess>;
  /** Starts `authlog serve` of the package, with a ledger in the app's folder. */
  serve(): Promise<LedgerAccess & RunningProcess & { token: string }>;
}

export interface RunningProcess extends AsyncDisposable {
  url: string;
  output(): string;
}

type Settings = Readonly<Record<string, string>>;

/** A folder for what a test makes; it goes away with the test. */
export function temporaryRoom(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "authlog-installed-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Packs the built package as it would be published. Gives the tarball's path. */
export async function packed(room: string): Promise<string> {
  const args = ["pack", "--json", "--pack-destination", room];
  const { stdout } = await run("npm", args, { cwd: repository, env: environment() });
  const [tarball] = JSON.parse(stdout) as { filename: string }[];
  if (tarball === undefined) throw new Error("npm packed nothing.");
  return join(room, tarball.filename);
}

/** An empty app. */
export function newApp(room: string, name: string): InstalledApp {
  mkdirSync(join(room, name));
  const app = appIn(room, name);
  app.write({ "package.json": JSON.stringify({ name, private: true }) });
  return app;
}

function appIn(room: string, name: string): InstalledApp {
  const folder = join(room, name);
  const next = join(folder, "node_modules/next/dist/bin/next");
  const authlog = join(folder, "node_modules/.bin/authlog");
  const write: InstalledApp["write"] = (files) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  };
  return {
    folder,
    write,
    inside: (path) => appIn(folder, path),
    async install(...packages) {
      const flags = ["--save-exact", "--prefer-offline", "--no-audit", "--no-fund"];
      const limits = { cwd: folder, env: environment(), timeout: 240_000 };
      await run("npm", ["install", ...flags, ...packages], limits);
    },
    async shell(lines) {
      await run("sh", ["-ec", lines], { cwd: folder, env: environment(), timeout: 240_000 });
    },
    async build(...flags) {
      const options = { cwd: folder, env: environment(), timeout: 240_000 };
      await run(process.execPath, [next, "build", ...flags], options).catch((error: unknown) => {
        const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
        throw new Error(`next build failed:\n${stdout}${stderr}`, { cause: error });
      });
    },
    async authlog(args, settings) {
      const options = { cwd: folder, env: environment(settings), timeout: 60_000 };
      const { stdout } = await run(process.execPath, [authlog, ...args], options);
      return stdout;
    },
    async start(mode, settings, flags = []) {
      const args = [next, mode, ...flags, "--hostname", "127.0.0.1", "--port", "0"];
      return listening(args, folder, settings, (output) => {
        const port = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
        return output.includes("Ready in") && port ? `http://localhost:${port}` : undefined;
      });
    },
    async startElsewhere(settings = {}, server = ".") {
      const elsewhere = join(room, `${name}-elsewhere`);
      cpSync(join(folder, ".next/standalone"), elsewhere, { recursive: true });
      const address = { HOSTNAME: "127.0.0.1", PORT: String(await freePort()) };
      const cwd = join(elsewhere, server);
      return listening(["server.js"], cwd, { ...address, ...settings }, (output) =>
        output.includes("Ready in") ? `http://localhost:${address.PORT}` : undefined,
      );
    },
    async serve() {
      const args = [authlog, "serve", "--json", "--port", "0"];
      // Node 22 warns of SQLite beside it.
      const process = await listening(args, folder, {}, (output) => {
        const line = /^\{.*\}$/m.exec(output)?.[0];
        return line === undefined ? undefined : (JSON.parse(line) as Served).url;
      });
      return { ...process, ...tokensIn(folder) };
    },
  };
}

interface Served {
  url: string;
}

/** The tokens of the ledger that an app's folder holds. */
function tokensIn(folder: string): { token: string; readToken: string } {
  const read = (role: string): string =>
    readFileSync(join(folder, `.authlog/ledger.${role}-token`), "utf8").trim();
  return { token: read("append"), readToken: read("read") };
}

/** What an app in production is told, to deliver to a ledger. */
export const destination = (ledger: { url: string; token: string }): Settings => ({
  PANGEA_TOKEN: ledger.token,
  PANGEA_BASE_URL_TEMPLATE: ledger.url,
});

/** The ledger that an app has started by itself. */
export function ledgerIn(folder: string): LedgerAccess {
  const text = readFileSync(join(folder, ".authlog/ledger.json"), "utf8");
  return { url: (JSON.parse(text) as Served).url, ...tokensIn(folder) };
}

async function listening(
  args: readonly string[],
  cwd: string,
  settings: Settings | undefined,
  urlIn: (output: string) => string | undefined,
): Promise<RunningProcess> {
  // A group of its own: `next dev` has children, and they are to end with it.
  const child = spawn(process.execPath, args, {
    cwd,
    env: environment(settings),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const gone = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) signal(child.pid, "SIGTERM");
    const forced = setTimeout(() => signal(child.pid, "SIGKILL"), 10_000);
    await gone;
    clearTimeout(forced);
  };
  try {
    const url = await until("the process to listen", () => {
      if (child.exitCode !== null) throw new Error(`It ended early:\n${output}`);
      return urlIn(output);
    });
    return { url, output: () => output, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** What a new terminal would have: nothing of the test run, and nothing that configures authlog. */
function environment(settings: Settings = {}): NodeJS.ProcessEnv {
  const own =
    /^(?:npm_(?!config_(?:registry|cache|userconfig|globalconfig)$)|INIT_CWD|NODE_ENV|VITEST|AUTHLOG_|PANGEA_|OTEL_|AUTH_|NEXT)/i;
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name));
  return {
    ...(Object.fromEntries(inherited) as NodeJS.ProcessEnv),
    NEXT_TELEMETRY_DISABLED: "1",
    // Next.js 15 asks the registry for more than the install did.
    NEXT_IGNORE_INCORRECT_LOCKFILE: "1",
    ...settings,
  };
}
