import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../integration/fixtures/set-up.ts", import.meta.url));

/** A process that has set authlog up, from the built package, and does what it is asked for. */
export interface SetUpProcess extends AsyncDisposable {
  readonly pid: number | undefined;
  /** What it has written to stderr so far. */
  stderr(): string;
  /** Resolves when it is done. */
  ask(command: "wrap NextAuth" | "sign in" | "shutdown"): Promise<void>;
  /** Lets it end by itself: nothing more is asked. */
  end(): Promise<void>;
}

/**
 * Starts one, and waits until authlog is set up.
 *
 * @param way one of those of the script
 * @param folder its working directory
 */
export async function startSetUp(
  way: string,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<SetUpProcess> {
  const child = spawn(process.execPath, [script, way], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      NODE_OPTIONS: process.env.NODE_OPTIONS,
      OTEL_BLRP_SCHEDULE_DELAY: "20",
      ...env,
    },
    stdio: "pipe",
  });
  const closed = once(child, "close");
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const said = async (line: string): Promise<void> => {
    const { value } = (await lines.next()) as { value?: string };
    if (value !== line) throw new Error(`Waited for "${line}", not for "${value}":\n${stderr}`);
  };
  await said("ready");
  return {
    pid: child.pid,
    stderr: () => stderr,
    async ask(command) {
      child.stdin.write(`${command}\n`);
      await said(command);
    },
    async end() {
      child.stdin.end();
      await closed;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.stdin.end("exit\n");
      await closed;
    },
  };
}
