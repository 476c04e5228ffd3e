import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A system call that ended. Both places count the lines of the trace. */
export interface SystemCall {
  name: string;
  args: string;
  /** What it returned; -1 where it failed. */
  result: number;
  begin: number;
  end: number;
}

/** Whether strace is here, and may trace. */
export function canTrace(): boolean {
  const { status } = spawnSync("strace", ["-e", "trace=none", "true"], { stdio: "ignore" });
  return status === 0;
}

/** Says why tests that need strace are left out. */
export function sayUntraceable(what: string): void {
  process.stdout.write(`${what} is left out: strace is not here, or may not trace.\n`);
}

const ofFiles =
  "openat,close,write,ftruncate,fsync,fdatasync,mkdir,rename,link,unlink,unlinkat,rmdir";

/**
 * Runs a script in a process of its own.
 *
 * @param trace the file that the trace is written to
 * @returns the calls that it made to change files, and to print
 */
export function traceScript(script: URL, args: readonly string[], trace: string): SystemCall[] {
  const { status, stderr } = spawnSync(
    "strace",
    [
      "-f",
      "--string-limit=100000",
      `--trace=${ofFiles}`,
      "--signal=none",
      `--output=${trace}`,
      process.execPath,
      script.pathname,
      ...args,
    ],
    { encoding: "utf8", env: { ...process.env, UV_THREADPOOL_SIZE: "2", NODE_NO_WARNINGS: "1" } },
  );
  if (status !== 0) throw new Error(`The script ended with ${status}: ${stderr}`);
  return readTrace(trace);
}

/** The calls of a trace that `strace -f -o` wrote, in the order of their ends. */
export function readTrace(path: string): SystemCall[] {
  const begun = new Map<string, { text: string; begin: number }>();
  return readFileSync(path, "latin1")
    .split("\n")
    .flatMap((line, at): SystemCall[] => {
      const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
      if (text.endsWith(" <unfinished ...>")) {
        begun.set(thread, { text: text.slice(0, -" <unfinished ...>".length), begin: at });
        return [];
      }
      const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
      const start = resumed === undefined ? undefined : begun.get(thread);
      const whole = start === undefined ? text : start.text + resumed;
      const [, name, args, result] = /^(\w+)\((.*)\) += (-?\d+)/.exec(whole) ?? [];
      if (name === undefined || args === undefined) return [];
      return [{ name, args, result: Number(result), begin: start?.begin ?? at, end: at }];
    });
}

/** The texts in quotes among a call's arguments. */
export function textsOf({ args }: SystemCall): Buffer[] {
  return [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => unescaped(text));
}

const escapes: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  v: 11,
  f: 12,
  '"': 34,
  "\\": 92,
};

function unescaped(text: string): Buffer {
  const plain = text.replace(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/g, (_, code: string) =>
    String.fromCharCode(
      escapes[code] ??
        (code.startsWith("x") ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8)),
    ),
  );
  return Buffer.from(plain, "latin1");
}
