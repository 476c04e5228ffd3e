import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { letterSources, linesOf } from "../../delivery/letter-sources.ts";
import { type LettersRetried, retryLetters } from "../../delivery/retry-letters.ts";
import { AuthlogError } from "../../errors.ts";
import { retryWithin } from "../../pangea/retry-within.ts";
import type { DeliveryOutcome, Retryable } from "../../telemetry/exporter.ts";
import { readCommandConfig } from "../command-config.ts";
import { exitCodes, jsonLine, plain, type Terminal } from "../terminal.ts";
import { assertFile } from "./assert-file.ts";
import { noLetters } from "./list.ts";
import { openDestination } from "./open-destination.ts";

/** Retries of one batch, with growing pauses, while the destination takes what comes. */
const maxRetries = 3;

/** How often it is told how far it came. */
const progressMillis = 2_000;

/** Runs `authlog deadletter retry`. Returns the exit code: 1 where some stayed. */
export async function retry(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { path: { type: "string" }, json: { type: "boolean", default: false } },
  });
  const { config } = readCommandConfig(terminal.env);
  for (const { code, message, why, fix } of config.problems) {
    terminal.err(`${message} [${code}] ${why} ${fix}`);
  }
  const path = resolve(values.path ?? config.deadLetterPath.value);
  assertFile(path);
  if (!hasLines(path)) {
    const none: LettersRetried = { delivered: 0, rejected: 0, waiting: 0, unreadable: 0 };
    terminal.out(values.json ? jsonLine({ type: "summary", path, ...none }) : noLetters(path));
    return exitCodes.ok;
  }
  const { name, exporter, close } = await openDestination(config);
  // Before anything is sent: what was sent to the wrong place cannot be taken back.
  if (values.json) terminal.out(jsonLine({ type: "destination", destination: name }));
  else terminal.out(`Sends to ${plain(name, 300)}`);
  const stop = new AbortController();
  void terminal.stopped.then(() => stop.abort());
  let toldAt = performance.now();
  let failing = false;
  try {
    const retried = await retryLetters({
      path,
      batchSize: config.batch.maxExportBatchSize.value,
      deliver: async (records, mayBeThere): Promise<DeliveryOutcome> => {
        let last: Retryable | undefined;
        const attempt = async (signal: AbortSignal): Promise<DeliveryOutcome> => {
          if (stop.signal.aborted) return stopped(last);
          const either = AbortSignal.any([signal, stop.signal]);
          const outcome = await exporter.deliver(records, either, mayBeThere);
          if (outcome.status !== "retryable") return outcome;
          last = outcome;
          return stop.signal.aborted ? stopped(last) : outcome;
        };
        const outcome = await retryWithin(attempt, {
          timeoutMillis: config.batch.exportTimeoutMillis.value,
          // One that fails is not to take a pause for each of its letters.
          maxRetries: failing ? 0 : maxRetries,
          random: Math.random,
          hurry: stop.signal,
        });
        failing = outcome.status === "retryable";
        return outcome;
      },
      onUnreadable: (line) => {
        if (values.json) terminal.out(jsonLine({ type: "unreadable", file: path, line }));
        else terminal.err(`line ${line} is no dead letter; it is kept`);
      },
      onProgress: ({ bytes, ofBytes, delivered, rejected, waiting }) => {
        if (performance.now() - toldAt < progressMillis) return;
        toldAt = performance.now();
        const share = Math.floor((100 * bytes) / Math.max(1, ofBytes));
        terminal.err(`${share} %: ${delivered} delivered, ${rejected + waiting} stay`);
      },
    });
    tell(retried, path, values.json, terminal);
    const stay = retried.rejected + retried.waiting + retried.unreadable;
    return stay > 0 ? exitCodes.fault : exitCodes.ok;
  } finally {
    await close();
  }
}

/** Whether there is anything to send, or to tell of. */
function hasLines(path: string): boolean {
  return letterSources(path).some((source) => {
    const [first] = linesOf(source);
    return first !== undefined;
  });
}

function tell(
  { cause, ...counts }: LettersRetried,
  path: string,
  json: boolean,
  { out, err }: Terminal,
): void {
  const { delivered, rejected, waiting, unreadable } = counts;
  if (json) {
    const reason = cause && { code: cause.code, why: cause.why };
    out(jsonLine({ type: "summary", path, ...counts, ...(reason && { cause: reason }) }));
    return;
  }
  const parts = [
    `${delivered} delivered`,
    `${rejected} refused again`,
    ...(waiting > 0 ? [`${waiting} not taken now`] : []),
    ...(unreadable > 0 ? [`${unreadable} unreadable`] : []),
  ];
  out(parts.join(", "));
  if (cause !== undefined) {
    err(`authlog: ${plain(cause.message, 500)} [${cause.code}]`);
    err(`  ${plain(cause.why, 500)} ${plain(cause.fix, 500)}`);
  }
}

/**
 * There is no time at which it is tried again.
 *
 * @param last what the attempt before says of the batch
 */
function stopped(last?: Retryable): Retryable {
  const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", {
    message: "The dead letters that are left were not sent.",
    why: "The command was stopped.",
    fix: "Run it again: it goes on with those.",
  });
  return { ...last, status: "retryable", cause, retryAfterMillis: Infinity };
}
