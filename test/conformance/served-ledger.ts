import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

// These tests know the ledger by its command line and its API alone: nothing here is from `src/`.
const main = resolve(import.meta.dirname, "../../src/cli/main.ts");

/** A ledger in a process of its own. */
export interface ServedLedger {
  readonly url: string;
  readonly token: string;
  readonly readToken: string;
  readonly process: ChildProcess;
  /** Sends a body, or a text as it is, and gives the answer. */
  post: (path: string, body: unknown, init?: RequestInit) => Promise<Answer>;
  /** Stops it by SIGTERM and waits until it has ended. */
  stop: () => Promise<number | null>;
  /** Kills it, with no time to say goodbye. */
  kill: () => Promise<void>;
}

/** An answer of the API. */
export interface Answer {
  readonly httpStatus: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: AnswerBody;
}

/** The envelope, as far as it is what it should be: that is what these tests are about. */
export interface AnswerBody {
  readonly status: string;
  readonly summary: string;
  readonly result: {
    readonly count?: number;
    readonly errors?: { readonly code: string; readonly source: string }[];
    readonly results?: { readonly hash: string }[];
  };
}

/** A folder that is gone after the test. */
export function temporaryFolder(): { path: string; [Symbol.dispose]: () => void } {
  const path = mkdtempSync(join(tmpdir(), "authlog-ledger-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts `authlog serve` for the ledger in a folder. */
export async function serveLedger(folder: string): Promise<ServedLedger> {
  const args = ["serve", "--json", "--port", "0", "--path", join(folder, "ledger.db")];
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const [first] = (await Promise.race([
    once(lines, "line"),
    exited.then(([code]) => Promise.reject(new Error(`authlog serve ended with ${code}`))),
  ])) as [string];
  const { url, tokenFiles } = JSON.parse(first) as {
    url: string;
    tokenFiles: { append: string; read: string };
  };
  const token = readFileSync(tokenFiles.append, "utf8").trim();
  const readToken = readFileSync(tokenFiles.read, "utf8").trim();
  return {
    url,
    token,
    readToken,
    process: child,
    post: (path, body, init = {}) =>
      post(url, path.includes("log") ? token : readToken, path, body, init),
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = (await exited) as [number | null];
      return code;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function post(
  url: string,
  token: string,
  path: string,
  body: unknown,
  init: RequestInit,
): Promise<Answer> {
  const response = await fetch(`${url}/${path}`, {
    method: "POST",
    body:
      typeof body === "string" || body instanceof Uint8Array
        ? (body as BodyInit)
        : JSON.stringify(body),
    ...init,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      ...(init.headers as Record<string, string>),
    },
  });
  const text = await response.text();
  return {
    httpStatus: response.status,
    headers: response.headers,
    text,
    body: JSON.parse(text) as AnswerBody,
  };
}
