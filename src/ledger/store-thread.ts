import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { AuthlogError } from "../errors.ts";
import { causeText } from "../files/system-reason.ts";
import type { CallMessage, Failure, ReplyMessage, WorkerData } from "./messages.ts";

/**
 * A worker thread that owns a connection to the database, seen from the thread of HTTP. It keeps the
 * process alive only while somebody waits for it.
 */
export interface StoreThread<Call> {
  call: <T>(call: Call) => Promise<T>;
  /** Resolves when the thread has ended. */
  ended: () => Promise<void>;
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/**
 * Starts a worker and waits until it has opened its database.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE` or `ERR_AUTHLOG_LEDGER_DAMAGED`, from here and
 *   from each call that fails
 */
export async function startThread<Call extends CallMessage["call"]>(
  workerData: WorkerData,
): Promise<StoreThread<Call>> {
  const waiting = new Map<number, Waiting>();
  // The worker lies beside this file, under the same extension: `.ts` in the sources, `.js` built.
  const here = import.meta.url;
  const worker = new Worker(new URL(`store-worker${extname(here)}`, here), {
    name: `authlog-ledger-${workerData.role}`,
    workerData,
    // Nothing is inherited: `--import` would start the app's tracing in this thread as well, and the
    // environment's secrets are none of its business. Node 22 would warn of SQLite in each thread.
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: {},
  });
  let failure: AuthlogError | undefined;
  let next = 0;

  const opened = new Promise<unknown>((resolve, reject) => {
    waiting.set(-1, { resolve, reject });
  });
  const ended = new Promise<void>((resolve) => {
    const end = (cause?: unknown): void => {
      failure ??= unusable({
        message: "The ledger's thread has ended.",
        why: cause === undefined ? "It was stopped." : causeText(cause),
        cause,
      });
      for (const { reject } of waiting.values()) reject(failure);
      waiting.clear();
      resolve();
    };
    worker.on("error", end);
    worker.on("exit", () => end());
  });
  worker.on("message", (message: ReplyMessage) => {
    const caller = waiting.get(message.id);
    waiting.delete(message.id);
    if (waiting.size === 0) worker.unref();
    if ("failure" in message) caller?.reject(storeError(message.failure));
    else caller?.resolve(message.value);
  });
  await opened;

  return {
    ended: () => {
      worker.ref();
      return ended;
    },
    call: <T>(call: Call) =>
      new Promise<T>((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        worker.ref();
        const id = next++;
        waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage({ id, call } satisfies CallMessage);
      }),
  };
}

/** Primary result codes after which a database is not to be written to (SQLite: IOERR, CORRUPT, NOTADB). */
const fatal = new Set([10, 11, 26]);
/** SQLite's own word for damage: a page that is no page (SQLITE_CORRUPT). */
const corrupt = 11;

/** Whether an error says that the disk or the file, not one request, is at fault. */
export function isFatal(error: unknown): boolean {
  const { errcode, damage } = (error as { cause?: Partial<Failure> }).cause ?? {};
  return damage === true || (errcode !== undefined && fatal.has(errcode % 256));
}

function storeError(failure: Failure): AuthlogError {
  const { message, why, fix, errcode = 0, damage = errcode % 256 === corrupt } = failure;
  if (damage) return damaged(message, failure);
  return why === undefined
    ? unusable({
        message: "The ledger's database could not be opened, read or written.",
        why: `SQLite says: ${message}.`,
        cause: failure,
      })
    : unusable({ message, why, fix, cause: failure });
}

function damaged(message: string, cause: Failure): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_DAMAGED", {
    message: `The ledger is damaged. ${message}`,
    why: "Its file was edited by something other than the ledger, or the disk lost a part of it.",
    fix: "Keep the file as evidence. Bring the ledger back from a copy, or use another path.",
    cause,
  });
}

function unusable({
  message,
  why,
  fix = "Correct what the cause names, and start the ledger again.",
  cause,
}: {
  message: string;
  why: string;
  fix?: string | undefined;
  cause: unknown;
}): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", { message, why, fix, cause });
}
