import type { LedgerReader } from "./store/reader.ts";
import type { LedgerWriter } from "./store/writer.ts";

/** What a worker is started with. */
export type WorkerData =
  | { readonly role: "writer"; readonly path: string; readonly maxBufferSize: number }
  | { readonly role: "reader"; readonly path: string; readonly searchTimeoutMillis: number };

type Methods<T> = {
  [K in keyof T & string]: T[K] extends (...args: infer A) => unknown
    ? { readonly method: K; readonly args: A }
    : never;
}[keyof T & string];

/** One call of the reader. */
export type ReaderCall = Methods<LedgerReader>;

/** One call of the writer; several appends that wait together share a transaction. */
export type WriterCall =
  | { readonly method: "append"; readonly args: [Parameters<LedgerWriter["append"]>[0][number]] }
  | Exclude<Methods<LedgerWriter>, { method: "append" }>;

/** A call on its way to a worker. */
export interface CallMessage {
  readonly id: number;
  readonly call: ReaderCall | WriterCall;
}

/** The worker's answer to the call of the same id. Id -1: that the worker has opened its database. */
export type ReplyMessage =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

/** An error as it crosses a thread: a class and its fields do not. */
export interface Failure {
  readonly message: string;
  /** Of an error of ours: why it happened, and what to do. */
  readonly why?: string;
  readonly fix?: string;
  /** SQLite's extended result code, where the error is SQLite's. */
  readonly errcode?: number;
  /** Whether the ledger's rows contradict one another; the message says where. */
  readonly damage?: boolean;
}
