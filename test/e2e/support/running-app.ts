import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuiltApp, nextOf } from "./built-app.ts";
import { until } from "./until.ts";

export interface RunningApp extends AsyncDisposable {
  url: string;
  /** How much memory the server holds, in bytes: its resident set, from Linux itself. */
  residentBytes(): number;
  /** How long the server has kept processors busy since its start, in milliseconds. */
  processorMillis(): number;
  /** Everything that the server has written to stdout and stderr so far. */
  output(): string;
  /** Ends the server and waits until it is gone. */
  stop(): Promise<void>;
  /** Kills it, with no time for anything, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts the server of a built app, by default the production one, on a free port of the loopback. */
export async function startApp(
  { folder }: Pick<BuiltApp, "folder">,
  settings: Readonly<Record<string, string>>,
  mode: "start" | "dev" = "start",
): Promise<RunningApp> {
  // What one test leaves in its journal is not for the next one.
  const own = mkdtempSync(join(tmpdir(), "authlog-app-"));
  const args = [nextOf(folder), mode, "--hostname", "127.0.0.1", "--port", "0"];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    // Nothing is inherited but what finds programs: a setting of the machine must not matter here.
    env: {
      PATH: process.env["PATH"],
      ...(mode === "start" && { NODE_ENV: "production" }),
      NEXT_TELEMETRY_DISABLED: "1",
      AUTH_TRUST_HOST: "true",
      AUTH_SECRET: "a-secret-for-tests-alone",
      OTEL_BLRP_SCHEDULE_DELAY: "50",
      // In order: where a later event has arrived, so have those before it.
      AUTHLOG_MAX_IN_FLIGHT: "1",
      AUTHLOG_JOURNAL_DIR: join(own, "journal"),
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await gone;
    rmSync(own, { recursive: true, force: true });
  };
  const stop = (): Promise<void> => end("SIGTERM");
  const url = await until("the app to listen", () => {
    if (child.exitCode !== null) throw new Error(`The app ended early:\n${output}`);
    // By this name and no other: Next.js calls itself so, and cookies do not cross over to an address.
    const port = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    return output.includes("Ready in") ? `http://localhost:${port}` : undefined;
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url,
    residentBytes: () => residentBytes(child.pid),
    processorMillis: () => processorMillis(child.pid),
    output: () => output,
    stop,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: stop,
  };
}

function residentBytes(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Of all its threads, from Linux's scheduler: /proc/<pid>/stat counts in steps of ten. */
function processorMillis(pid: number | undefined): number {
  const nanos = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanos.reduce((sum, time) => sum + time, 0) / 1e6;
}
