import { AuthlogError } from "../errors.ts";
import type { ReaderCall, WorkerData, WriterCall } from "./messages.ts";
import type {
  AppendRequest,
  AppendResult,
  Conflict,
  PublishedRoot,
  RecordPage,
} from "./records.ts";
import type { Search } from "./search/sql.ts";
import { isFatal, startThread, type StoreThread } from "./store-thread.ts";
import { type Clock, toMicros } from "../time.ts";

/** How a ledger is opened. */
export interface LedgerOptions {
  /** The database file; its folder must be there. */
  readonly path: string;
  /** A buffer of so many events is published at once. */
  readonly maxBufferSize: number;
  /** An event is published at the latest so long after it was appended. */
  readonly publishIntervalMillis: number;
  /** A search is ended when it has taken so long. */
  readonly searchTimeoutMillis: number;
  readonly clock: Clock;
}

/**
 * An append-only log under Merkle trees. An event is appended (it stands in the open buffer and is
 * on disk), integrated (it is a leaf of the buffer's tree, in the same transaction), and published
 * (the buffer is closed, and its root is a leaf of the ledger's tree).
 *
 * Every method rejects with `ERR_AUTHLOG_LEDGER_UNUSABLE` when the database cannot be used, and with
 * `ERR_AUTHLOG_LEDGER_DAMAGED` when its rows are missing or contradict one another.
 */
export interface Ledger {
  /** Resolves when the events are on disk; nothing of them is kept when it rejects. */
  append: (request: AppendRequest) => Promise<AppendResult>;
  /** Publishes the open buffer; false when it is empty. */
  publish: () => Promise<boolean>;
  /** Ids of what a search finds, in its order; undefined where it took too long. */
  find: (search: Search) => Promise<number[] | undefined>;
  /** Records by their ids, with proofs where these are asked for; fewer where they are large. */
  page: (ids: readonly number[], proofs: boolean) => Promise<RecordPage>;
  /** A published root by its size, or the latest; undefined when there is none. */
  root: (size?: number) => Promise<PublishedRoot | undefined>;
  /** The events whose uid stood there with other content. */
  conflicts: () => Promise<Conflict[]>;
  /** The name of the ledger's tree: 64 hexadecimal digits, drawn when the ledger was made. */
  readonly treeName: string;
  /** Publishes what is open and closes the database. Searches that wait are rejected. */
  close: () => Promise<void>;
}

/**
 * Opens a ledger, and makes it where there is none. The caller holds the ledger's lock.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE`, `ERR_AUTHLOG_LEDGER_DAMAGED`
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { path, maxBufferSize, publishIntervalMillis, searchTimeoutMillis, clock } = options;
  const writer = await startThread<WriterCall>({ role: "writer", path, maxBufferSize });
  const reader = await startReader({ role: "reader", path, searchTimeoutMillis }, writer);
  const write = stopAfterFatal(writer);

  let timer: NodeJS.Timeout | undefined;
  const publish = (): Promise<boolean> => write({ method: "publish", args: [toMicros(clock())] });
  // What is missing is not found by any search: whether something was taken is asked beforehand.
  const check = async (): Promise<void> => {
    try {
      await write({ method: "check", args: [] });
    } catch (error) {
      // A disk that takes no more writes is no reason not to read.
      if (AuthlogError.is(error) && error.code === "ERR_AUTHLOG_LEDGER_DAMAGED") throw error;
    }
  };
  const publishLater = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      // A failure is the next append's to report; the events stay in the buffer until then.
      publish().catch(() => undefined);
    }, publishIntervalMillis).unref();
  };
  // Events that an earlier process left unpublished are not to wait for the next one.
  if ((await write<number>({ method: "openSize", args: [] })) > 0) publishLater();

  return {
    treeName: await reader.call({ method: "treeName", args: [] }),
    append: async (request) => {
      const result = await write<AppendResult>({ method: "append", args: [request] });
      publishLater();
      return result;
    },
    publish,
    find: async (search) => {
      await check();
      return await reader.call({ method: "find", args: [search] });
    },
    page: (ids, proofs) => reader.call({ method: "page", args: [ids, proofs] }),
    root: async (size) => {
      await check();
      return await reader.call({ method: "root", args: [size] });
    },
    conflicts: () => reader.call({ method: "conflicts", args: [] }),
    close: async () => {
      clearTimeout(timer);
      try {
        await publish();
      } finally {
        // The writer last: only a connection that can write takes the -wal file into the database.
        await reader.call({ method: "close", args: [] });
        await writer.call({ method: "close", args: [] });
        await Promise.all([reader.ended(), writer.ended()]);
      }
    },
  };
}

/** The reader comes second: the writer makes the file. Where it fails, nothing is left running. */
async function startReader(
  workerData: WorkerData,
  writer: StoreThread<WriterCall>,
): Promise<StoreThread<ReaderCall>> {
  try {
    return await startThread<ReaderCall>(workerData);
  } catch (error) {
    await writer.call({ method: "close", args: [] });
    await writer.ended();
    throw error;
  }
}

/**
 * After an I/O error the writer takes nothing more: a later sync can succeed without the pages that
 * the failed one dropped, and would call them durable (PostgreSQL's lesson of 2018).
 */
function stopAfterFatal(writer: StoreThread<WriterCall>): <T>(call: WriterCall) => Promise<T> {
  let stopped: Error | undefined;
  return async <T>(call: WriterCall) => {
    if (stopped !== undefined) throw stopped;
    try {
      return await writer.call<T>(call);
    } catch (error) {
      if (isFatal(error)) stopped = error as Error;
      throw error;
    }
  };
}
