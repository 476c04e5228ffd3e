import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from "node:worker_threads";
import { AuthlogError } from "../errors.ts";
import { Damage } from "./damage.ts";
import type { CallMessage, Failure, ReplyMessage, WorkerData, WriterCall } from "./messages.ts";
import { type LedgerReader, openReader } from "./store/reader.ts";
import { type LedgerWriter, openWriter } from "./store/writer.ts";

/**
 * The thread that a database lives on: SQLite's calls block, and HTTP must not. The writer and the
 * reader each run in one of their own, so that a long search holds up no append.
 */
const data = workerData as WorkerData;
if (parentPort !== null) serve(parentPort);

function serve(port: MessagePort): void {
  let turn: (waiting: CallMessage[]) => ReplyMessage[];
  try {
    if (data.role === "reader") {
      const reader = openReader(data.path, data.searchTimeoutMillis);
      turn = (waiting) => readerTurn(reader, waiting);
    } else {
      const writer = openWriter(data.path, data.maxBufferSize);
      turn = (waiting) => writerReplies(writer, waiting.splice(0));
    }
  } catch (error) {
    port.postMessage({ id: -1, failure: openingFailure(error) } satisfies ReplyMessage);
    return;
  }
  port.postMessage({ id: -1, value: undefined } satisfies ReplyMessage);

  port.on("message", (first: CallMessage) => {
    const waiting = [first];
    let closing = false;
    while (waiting.length > 0 && !closing) {
      // Whatever came in during the last turn: of the writer's it is the group commit.
      for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) {
        waiting.push(more.message as CallMessage);
      }
      closing = waiting.some(({ call }) => call.method === "close");
      for (const message of turn(waiting)) port.postMessage(message);
    }
    if (closing) port.close();
  });
}

/** Answers one call. Searches come last: a root, a page and the end do not wait behind all of them. */
function readerTurn(reader: LedgerReader, waiting: CallMessage[]): ReplyMessage[] {
  const closing = waiting.findIndex(({ call }) => call.method === "close");
  const quick = waiting.findIndex(({ call }) => call.method !== "find");
  const next = waiting.splice(closing === -1 ? Math.max(quick, 0) : closing, 1);
  return next.map(({ id, call }) => reply(id, () => invoke(reader, call)));
}

function writerReplies(writer: LedgerWriter, messages: CallMessage[]): ReplyMessage[] {
  const appends = messages.flatMap(({ id, call }) =>
    call.method === "append" ? [{ id, request: call.args[0] }] : [],
  );
  const replies = appendTogether(writer, appends);
  for (const { id, call } of messages) {
    if (call.method !== "append") replies.push(reply(id, () => invoke(writer, call)));
  }
  return replies;
}

type AppendCall = Extract<WriterCall, { method: "append" }>;

function appendTogether(
  writer: LedgerWriter,
  appends: { id: number; request: AppendCall["args"][0] }[],
): ReplyMessage[] {
  if (appends.length === 0) return [];
  try {
    const results = writer.append(appends.map(({ request }) => request));
    return appends.map(({ id }, at) => ({ id, value: results[at] }));
  } catch (error) {
    return appends.map(({ id }) => ({ id, failure: failureOf(error) }));
  }
}

function invoke(
  target: object,
  { method, args }: { method: string; args: readonly unknown[] },
): unknown {
  const call = Reflect.get(target, method) as (...args: readonly unknown[]) => unknown;
  return call(...args);
}

function reply(id: number, work: () => unknown): ReplyMessage {
  try {
    return { id, value: work() };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}

/** SQLite says that it cannot open a file, and not which one. */
function openingFailure(error: unknown): Failure {
  const failure = failureOf(error);
  const { message } = failure;
  return message.includes(data.path)
    ? failure
    : { ...failure, message: `${message} (${data.path})` };
}

function failureOf(error: unknown): Failure {
  const { message, errcode, cause } = error as Partial<Failure> & { cause?: Partial<Failure> };
  const code = errcode ?? cause?.errcode;
  return {
    message: String(message ?? error),
    ...(AuthlogError.is(error) && { why: error.why, fix: error.fix }),
    ...(code !== undefined && { errcode: code }),
    ...(error instanceof Damage && { damage: true }),
  };
}
