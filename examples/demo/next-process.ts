import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

export interface NextProcess {
  child: ChildProcess;
  /** The latest of what it wrote. */
  output: () => string;
}

export interface StartOptions {
  /** Environment variables of this process alone. */
  settings?: Readonly<Record<string, string>>;
  /** Ends the process. */
  signal: AbortSignal;
}

/** Runs Next.js with nothing of the person's own settings that could change what the demo does. */
export function startNext(
  folder: string,
  args: readonly string[],
  { settings = {}, signal }: StartOptions,
): NextProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name));
  // The one that the example itself has: the two have not the same.
  const next = createRequire(join(folder, "package.json")).resolve("next/dist/bin/next");
  const child = spawn(process.execPath, [next, ...args], {
    cwd: folder,
    env: {
      ...Object.fromEntries(inherited),
      NEXT_TELEMETRY_DISABLED: "1",
      NODE_ENV: "production",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  signal.addEventListener("abort", () => child.kill("SIGTERM"));
  if (signal.aborted) child.kill("SIGTERM");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    // The latest is enough to tell what went wrong; a demo may run for days.
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-20_000);
    });
  }
  return { child, output: () => output };
}

/** Names of what the examples are set up with. */
const own =
  /^(?:(?:NODE_ENV|PORT|DATABASE_PATH|DEMO_LEDGER_PATH|SESSION_STRATEGY)$|(?:AUTH|AUTHLOG|EMAIL|NEXTAUTH|OTEL|PANGEA)_)/;
