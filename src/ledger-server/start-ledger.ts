import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { AuthlogError } from "../errors.ts";
import { openLedger } from "../ledger/ledger.ts";
import { createApp } from "./app.ts";
import { findServed, removeDescriptor, writeDescriptor } from "./descriptor.ts";
import { type KernelLock, tryLock } from "../files/kernel-lock.ts";
import { causeText } from "../files/system-reason.ts";
import { ensureFolder, filesOf, type LedgerFiles } from "./files.ts";
import { ledgerFault } from "./ledger-runtime.ts";
import { listen } from "./listen.ts";
import { assertOwnFiles, missingFiles, removeFiles } from "./own-files.ts";
import { type LedgerServerConfig, resolveOptions, type StartLedgerOptions } from "./options.ts";
import { ensureToken, type Tokens } from "./tokens.ts";

/** A ledger that is served, by this process or by another that it joined. */
export interface RunningLedger {
  /** Base URL of the API, such as `http://127.0.0.1:4319`. */
  readonly url: string;
  /** The append token: for `v1/log` and `v2/log`. */
  readonly token: string;
  /** The read token: for `v1/search`, `v1/results` and `v1/root`. */
  readonly readToken: string;
  /** Files that hold the tokens, mode 0600. */
  readonly tokenFiles: { readonly append: string; readonly read: string };
  /** Whether another process serves it. */
  readonly joined: boolean;
  /** Lets the process end by itself while the ledger is served, as a server's `unref` does. */
  unref: () => void;
  /**
   * Ends the requests that run, publishes what is open, and stops. A joined ledger is only left.
   */
  close: () => Promise<void>;
}

/** How long to wait for a process that holds the lock and does not answer yet. */
const startTimeoutMillis = 10_000;
const retryMillis = 25;

/**
 * Starts the embedded ledger: a tamper-evident log behind Pangea's audit API, on loopback, in one
 * file. Where another process serves the same file already, that one is joined.
 *
 * @throws AuthlogError `ERR_AUTHLOG_CONFIG_INVALID`, `ERR_AUTHLOG_LEDGER_PORT_IN_USE`,
 *   `ERR_AUTHLOG_LEDGER_RUNNING` (with `join: false`, or when the other process does not answer),
 *   `ERR_AUTHLOG_LEDGER_UNUSABLE`, `ERR_AUTHLOG_LEDGER_DAMAGED`, `ERR_AUTHLOG_RUNTIME_UNSUPPORTED`
 * @example
 * const ledger = await startLedger();
 * const audit = new AuditService(ledger.token, new PangeaConfig({ baseUrlTemplate: ledger.url }));
 * await audit.log({ message: "hello" }, { verify: true });
 * await ledger.close();
 */
export async function startLedger(options: StartLedgerOptions = {}): Promise<RunningLedger> {
  const config = resolveOptions(options);
  const fault = ledgerFault();
  if (fault !== undefined) throw fault;
  try {
    return await serveOrJoin(config);
  } catch (error) {
    throw AuthlogError.is(error) ? error : cannotStart(config.path, error);
  }
}

async function serveOrJoin(config: LedgerServerConfig): Promise<RunningLedger> {
  const files = filesOf(config.path);
  const deadline = performance.now() + startTimeoutMillis;
  for (;;) {
    assertOwnFiles(files);
    const unmakeFolder = ensureFolder(config.path);
    try {
      const isNew = !existsSync(files.lock);
      const lock = tryLock(files.lock);
      if (lock !== undefined) return await serve(config, files, lock, isNew ? [files.lock] : []);
    } catch (error) {
      unmakeFolder();
      throw error;
    }
    const served = await findServed(files);
    if (served !== undefined && config.join) return joined(files, served.url, served.tokens);
    if (served !== undefined || performance.now() > deadline)
      throw running(config.path, served?.url);
    // The other process is starting or stopping: it will answer, or release the lock.
    await delay(retryMillis);
  }
}

async function serve(
  config: LedgerServerConfig,
  files: LedgerFiles,
  lock: KernelLock,
  made: readonly string[],
): Promise<RunningLedger> {
  const undo: (() => unknown)[] = [lock.release];
  const missing = [...missingFiles(files), ...made];
  try {
    const tokens = {
      append: ensureToken(files.appendToken, "append"),
      read: ensureToken(files.readToken, "read"),
    };
    const ledger = await openLedger(config);
    undo.unshift(ledger.close);
    let url = "";
    const app = createApp({ ...config, ledger, tokens, url: () => url });
    const server = await listen(app.fetch, config);
    undo.unshift(server.close);
    ({ url } = server);
    writeDescriptor(files, url);
    undo.unshift(() => removeDescriptor(files, url));
    let closed: Promise<void> | undefined;
    return {
      ...described(files, url, tokens),
      joined: false,
      unref: server.unref,
      close: () => (closed ??= unwind(undo)),
    };
  } catch (error) {
    // While the lock is held: nobody else can have begun a ledger there.
    undo.splice(-1, 0, () => removeFiles(missing));
    await unwind(undo);
    throw error;
  }
}

/** Takes back what was done, last first; one step that fails does not keep the others from running. */
async function unwind(steps: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function joined(files: LedgerFiles, url: string, tokens: Tokens): RunningLedger {
  return {
    ...described(files, url, tokens),
    joined: true,
    unref() {},
    close: () => Promise.resolve(),
  };
}

function described(
  files: LedgerFiles,
  url: string,
  tokens: Tokens,
): Pick<RunningLedger, "url" | "token" | "readToken" | "tokenFiles"> {
  return {
    url,
    token: tokens.append,
    readToken: tokens.read,
    tokenFiles: { append: files.appendToken, read: files.readToken },
  };
}

/** Whatever the system says. */
function cannotStart(path: string, cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `The ledger ${path} could not be started.`,
    why: causeText(cause),
    fix: "Correct that, or give the ledger another path.",
    cause,
  });
}

function running(path: string, url: string | undefined): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_RUNNING", {
    message: `Another process holds the ledger ${path}.`,
    why: url === undefined ? "It has the lock, but does not answer." : `It is served at ${url}.`,
    fix: "Use the running ledger, stop that process, or give this one another path.",
  });
}
