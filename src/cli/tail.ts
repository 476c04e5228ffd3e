import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { AuthlogError } from "../errors.ts";
import { type LedgerEnd, type LedgerRow, type Peek, peek } from "../ledger/store/peek.ts";
import { readCommandConfig } from "./command-config.ts";
import { type AuditEventFields, eventLine } from "./event-line.ts";
import { exitCodes, jsonLine, plain, style, type Terminal } from "./terminal.ts";

/** What `authlog tail --help` prints. */
export const tailHelp = `Usage: authlog tail [--path <file>] [--lines <number>] [--json]

Shows the latest events of the embedded ledger, and each new one as it comes, until Ctrl+C.
Reads the ledger's file: it does not matter which process serves it, or what was started first.
Changes nothing. Reads the .env files that Next.js reads in this folder.

  --path <file>     the ledger's database  (AUTHLOG_LEDGER_PATH, default .authlog/ledger.db)
  --lines <number>  how many of the latest events to begin with  (default 10)
  --json            one JSON object a line: {"type":"event", "event", "receivedAt", "hash", "conflict"}`;

const pollMillis = 250;

/** Runs `authlog tail` until the process is asked to stop. Returns the exit code. */
export async function tail(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      path: { type: "string" },
      lines: { type: "string", default: "10" },
      json: { type: "boolean", default: false },
    },
  });
  const firstLines = lineCount(values.lines);
  const { config } = readCommandConfig(terminal.env);
  const path = resolve(values.path ?? config.ledgerPath.value ?? ".authlog/ledger.db");
  const say = sayOnce(terminal);
  const stopping = new AbortController();
  void terminal.stopped.then(() => stopping.abort());

  /** Up to where the events were shown. */
  let shown: LedgerEnd | undefined;
  while (!stopping.signal.aborted) {
    let hasMore = false;
    const found = look(path, shown, firstLines);
    if (typeof found === "string") say(found);
    else {
      const { end, rows } = found;
      const isOther = shown !== undefined && !continues(end, shown);
      say(isOther ? `${path} was replaced. These are the latest events of the new one.` : "");
      for (const row of rows) show(row, terminal, values.json);
      shown = { ...end, nextId: (rows.at(-1)?.id ?? end.nextId - 1) + 1 };
      hasMore = shown.nextId < end.nextId;
    }
    await delay(hasMore ? 0 : pollMillis, undefined, { signal: stopping.signal }).catch(
      () => undefined,
    );
  }
  return exitCodes.ok;
}

/** What is new in the ledger, or in words why there is nothing to be read now. */
function look(path: string, shown: LedgerEnd | undefined, firstLines: number): Peek | string {
  try {
    const found = peek(path, (end) =>
      shown !== undefined && continues(end, shown)
        ? shown.nextId
        : Math.max(0, end.nextId - firstLines),
    );
    if (found !== undefined) return found;
    if (shown === undefined) return noLedger(path);
    return existsSync(path) ? "" : `${path} is gone. Waiting for a ledger there.`;
  } catch (error) {
    // A path that is wrong from the beginning ends the command; a file in the making does not.
    if (shown === undefined || !AuthlogError.is(error)) throw error;
    return `${error.message} ${error.why} Waiting for a ledger there.`;
  }
}

/** A ledger only grows: one that ends before what was shown is another one, or an older copy. */
function continues(end: LedgerEnd, shown: LedgerEnd): boolean {
  return end.treeName === shown.treeName && end.nextId >= shown.nextId;
}

function noLedger(path: string): string {
  return [
    `There is no ledger at ${path} yet. Waiting for it.`,
    "Start your app, with `register` in its instrumentation.ts and without PANGEA_TOKEN, or `npx authlog serve`.",
    "If its ledger is elsewhere, name it with --path or AUTHLOG_LEDGER_PATH.",
  ].join("\n");
}

/** Says what has changed on the error output: the same words in a row once. */
function sayOnce({ err }: Terminal): (text: string) => void {
  let last = "";
  return (text) => {
    if (text !== last && text !== "")
      err(
        text
          .split("\n")
          .map((line) => plain(line, 1_000))
          .join("\n  "),
      );
    last = text;
  };
}

/** Prints one record. Anybody who can write the file can put anything into it. */
function show(
  { id, envelope, hash, conflict }: LedgerRow,
  terminal: Terminal,
  json: boolean,
): void {
  const { out, err, color } = terminal;
  const sealed = parse(envelope);
  if (sealed === undefined) {
    err(`Event ${id} is damaged: its envelope cannot be read.`);
    return;
  }
  const { event, receivedAt } = sealed;
  if (json) out(jsonLine({ type: "event", event, receivedAt, hash, conflict }));
  else {
    const mark = style("yellow", "conflict: its uid was there before", color);
    out(`${eventLine(event, { receivedAt, color })}${conflict ? `  ${mark}` : ""}`);
  }
}

function parse(envelope: string): { event: AuditEventFields; receivedAt: string } | undefined {
  try {
    const { event, received_at } = JSON.parse(envelope) as Record<string, unknown>;
    if (typeof event !== "object" || event === null) return undefined;
    return { event: event as AuditEventFields, receivedAt: plain(String(received_at), 64) };
  } catch {
    return undefined;
  }
}

function lineCount(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: "The number of lines is not valid.",
    why: "It has to be a whole number.",
    fix: "Give a number from 0 to 99999.",
  });
}
