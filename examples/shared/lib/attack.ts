import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** Whether the page offers to edit the ledger, and whether that has been done. */
export type Attack = "offered" | "done";

/** Only the demo sets it. In an app that somebody else starts, nothing of this file does anything. */
const ledgerPath = process.env["DEMO_LEDGER_PATH"];

/** How an attack stands; `null` where there is none to be had. */
export function attackNow(): Attack | null {
  if (ledgerPath === undefined) return null;
  return existsSync(keptPath(ledgerPath)) ? "done" : "offered";
}

/** Edits the ledger, with the body "edit", or takes the edit back, with "undo". */
export async function POST(request: Request): Promise<Response> {
  if (ledgerPath === undefined || !isFromOwnPage(request)) {
    return new Response(null, { status: 404 });
  }
  const wanted = await request.text();
  if (wanted === "edit") edit(ledgerPath);
  else if (wanted === "undo") undo(ledgerPath);
  return new Response(null, { status: 204 });
}

/** Any page can have a browser send a POST here, by any name that leads to this machine. */
function isFromOwnPage({ headers }: Request): boolean {
  const host = headers.get("host") ?? "";
  return (
    /^(?:localhost|127\.0\.0\.1):\d+$/.test(host) && headers.get("origin") === `http://${host}`
  );
}

interface KeptEvent {
  /** In hexadecimal digits. */
  hash: string;
  envelope: string;
}

const keptPath = (path: string): string => `${path}.before-edit.json`;

/** What somebody can do who has rights on the machine: another person gets the blame. */
function edit(path: string): void {
  if (existsSync(keptPath(path))) return;
  using database = open(path);
  const row = database
    .prepare(
      `SELECT hex(hash) AS hash, envelope FROM event
         WHERE envelope LIKE '%@example.com%' ORDER BY id DESC LIMIT 1`,
    )
    .get() as KeptEvent | undefined;
  const address = /[\w.-]+@example\.com/.exec(row?.envelope ?? "")?.[0];
  if (row === undefined || address === undefined) return;
  writeFileSync(keptPath(path), JSON.stringify(row), { mode: 0o600 });
  write(database, row.hash, row.envelope.replaceAll(address, "nobody@example.com"));
}

function undo(path: string): void {
  if (!existsSync(keptPath(path))) return;
  const { hash, envelope } = JSON.parse(readFileSync(keptPath(path), "utf8")) as KeptEvent;
  using database = open(path);
  write(database, hash, envelope);
  rmSync(keptPath(path));
}

function write(database: DatabaseSync, hash: string, envelope: string): void {
  database.prepare("UPDATE event SET envelope = ? WHERE hex(hash) = ?").run(envelope, hash);
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA busy_timeout = 5000");
  return database;
}
