import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A ledger that can be read, and written to. */
interface Ledger {
  readonly url: string;
  readonly token: string;
  readonly readToken: string;
}

/** Runs a command of a verifier against a ledger, and gives what it printed. */
export type Verifier = <T>(ledger: Ledger, command: string, ...args: string[]) => Promise<T>;

const sources = join(import.meta.dirname, "vendor");
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "authlog-test");
const run = promisify(execFile);

export const hasGo: boolean = answers("go", "version");
export const hasPython: boolean = answers("python3", "--version");

function answers(program: string, option: string): boolean {
  return spawnSync(program, [option]).status === 0;
}

/** Builds the verifier on the vendor's Go SDK into a folder. Go keeps what it downloads and compiles. */
export async function goVerifier(folder: string): Promise<Verifier> {
  const program = join(folder, "verify");
  await run("go", ["build", "-buildvcs=false", "-o", program, "."], { cwd: sources });
  return (ledger, ...args) => ask(ledger, program, args);
}

/** Installs the vendor's Python SDK where it is not installed yet, outside of this repository. */
export async function pythonVerifier(): Promise<Verifier> {
  const requirements = join(sources, "requirements.txt");
  const { stdout: version } = await run("python3", ["-VV"]);
  // Some of its packages are compiled for one version of Python.
  const key = createHash("sha256").update(version).update(readFileSync(requirements));
  const packages = join(cache, `python-${key.digest("hex").slice(0, 16)}`);
  if (!existsSync(packages)) {
    const unfinished = `${packages}.${process.pid}`;
    await mkdir(cache, { recursive: true });
    const install = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"];
    await run("python3", [...install, "--target", unfinished, "-r", requirements]);
    // Another run may have been first.
    await rename(unfinished, packages).catch(() => rm(unfinished, { recursive: true }));
  }
  const script = join(sources, "verify.py");
  return (ledger, ...args) =>
    ask(ledger, "python3", ["-B", script, ...args], { PYTHONPATH: packages });
}

async function ask<T>(
  { url, token, readToken }: Ledger,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<T> {
  const { stdout } = await run(program, args, {
    maxBuffer: 2 ** 26,
    env: {
      ...process.env,
      ...env,
      // Whatever an SDK asks off this machine, such as a public archive of roots, is refused here.
      HTTPS_PROXY: "http://127.0.0.1:1",
      LEDGER_URL: url,
      LEDGER_TOKEN: args.includes("log") ? token : readToken,
    },
  });
  return JSON.parse(stdout) as T;
}
