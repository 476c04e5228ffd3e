import { parseArgs } from "node:util";
import { AuthlogError } from "../errors.ts";
import type { AppendedEvent } from "../ledger-server/log-routes.ts";
import type { StartLedgerOptions } from "../ledger-server/options.ts";
import { startLedger } from "../ledger-server/start-ledger.ts";
import { type SchemaName, schemaNames } from "../setup/schema-shape.ts";
import { oneOf } from "../setup/shapes.ts";
import { eventLine } from "./event-line.ts";
import { exitCodes, jsonLine, plain, style, type Terminal } from "./terminal.ts";

/** What `authlog serve --help` prints. */
export const serveHelp = `Usage: authlog serve [--path <file>] [--port <number>] [--json]

Starts the embedded ledger on loopback and prints a line for each event that is appended.
Stops on Ctrl+C. Exits with 1 if another process serves the same ledger already.
AUTHLOG_SCHEMA names the fields that it takes: standard (default), tutorial,
tutorial-with-ids.

  --path <file>    the ledger's database  (AUTHLOG_LEDGER_PATH, default .authlog/ledger.db)
  --port <number>  0 takes any free port  (AUTHLOG_LEDGER_PORT, default 4319, or a free one)
  --json           one JSON object a line: {"type":"listening" | "event" | "stopped", …}`;

/** Runs `authlog serve` until the process is asked to stop. Returns the exit code. */
export async function serve(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { path: { type: "string" }, port: { type: "string" }, json: { type: "boolean" } },
  });
  const { out, env, stopped } = terminal;
  const json = values.json === true;
  const path = values.path ?? (env["AUTHLOG_LEDGER_PATH"] || undefined);
  const port = values.port ?? (env["AUTHLOG_LEDGER_PORT"] || undefined);
  const schema = schemaOf(env["AUTHLOG_SCHEMA"] || undefined);

  const ledger = await startLedger({
    ...(schema !== undefined && { schema }),
    ...(path !== undefined && { path }),
    ...(port !== undefined && { port: portOf(port) }),
    join: false,
    onAppend: json ? (event) => out(jsonLine({ type: "event", ...event })) : lines(terminal),
    onError: (error) => terminal.err(plain(String(error), 500)),
  });
  const { url, tokenFiles } = ledger;
  if (json) out(jsonLine({ type: "listening", url, tokenFiles }));
  else {
    out(`${style("bold", "authlog", terminal.color)} ledger at ${url}`);
    out(`  append token in ${tokenFiles.append}`);
    out(`  read token in   ${tokenFiles.read}`);
  }
  await stopped;
  await ledger.close();
  if (json) out(jsonLine({ type: "stopped" }));
  return exitCodes.ok;
}

function lines({ out, color }: Terminal): NonNullable<StartLedgerOptions["onAppend"]> {
  return ({ event, receivedAt, conflict }: AppendedEvent) => {
    const line = eventLine(event, { receivedAt, color });
    out(conflict ? `${line}  ${style("yellow", "conflict: its uid stood there", color)}` : line);
  };
}

function schemaOf(name: string | undefined): SchemaName | undefined {
  const shape = oneOf(schemaNames);
  const schema = shape.parse(name);
  if (name === undefined || schema !== undefined) return schema;
  throw new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: "AUTHLOG_SCHEMA is no name of a schema.",
    why: "It says which fields the ledger takes.",
    fix: `Set AUTHLOG_SCHEMA to ${shape.description}, or take it away.`,
  });
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: "The port is not valid.",
    why: "It has to be a whole number.",
    fix: "Give a number from 0 to 65535.",
  });
}
