import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { sampleRecord } from "./sample-record.ts";

/** What the names of all runs begin with. */
export const runPrefix = "run-";

/** A ledger that can be searched. */
export interface Searched {
  readonly url: string;
  readonly readToken: string;
}

/** What the processes under test say that they did, and what the ledger holds of it. */
export interface Verdict {
  /** Records that a process was about to emit. */
  readonly issued: number;
  /** Those whose `emit` returned. */
  readonly accepted: number;
  /** Records in the ledger. */
  readonly found: number;
  /** Accepted, and not found. */
  readonly lost: readonly string[];
  /** Found more than once. */
  readonly doubled: readonly string[];
  /** Found, and not issued. */
  readonly foreign: readonly string[];
  /** Found, and not as they were issued. */
  readonly altered: readonly string[];
  /** Events of the ledger that are of no run: they tell of gaps. */
  readonly others: number;
}

/** What a verdict is where all is well. */
export const nothingWrong: Partial<Verdict> = { lost: [], doubled: [], foreign: [], altered: [] };

/**
 * Compares what was issued, what was accepted and what arrived. Each process under test notes a
 * record before it emits it, and again once `emit` has returned, in a file of its own: what it noted
 * stands there, whatever becomes of the process.
 */
export class Oracle {
  readonly folder: string;

  /** @param folder for the notes; made here */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Notes for a process that emitted so many records, and was heard to say that it did. */
  note(run: string, count: number): void {
    const lines = Array.from({ length: count }, (_, at) => `i ${at + 1}\na ${at + 1}\n`);
    writeFileSync(join(this.folder, run), lines.join(""));
  }

  /** Numbers of the records of each run. */
  notes(): Map<string, { issued: Set<number>; accepted: Set<number> }> {
    const runs = readdirSync(this.folder).map((run) => {
      const lines = readFileSync(join(this.folder, run), "utf8").split("\n").slice(0, -1);
      const numbers = (mark: string): Set<number> =>
        new Set(lines.filter((line) => line.startsWith(mark)).map((line) => Number(line.slice(2))));
      return [run, { issued: numbers("i "), accepted: numbers("a ") }] as const;
    });
    return new Map(runs);
  }

  /** Uids of every record whose `emit` returned. */
  accepted(): string[] {
    return [...this.notes()].flatMap(([run, { accepted }]) =>
      [...accepted].map((n) => `${run}.${n}`),
    );
  }

  /** Compares the notes with everything that the ledger holds. */
  async judge(ledger: Searched): Promise<Verdict> {
    const [lost, doubled, foreign, altered]: string[][] = [[], [], [], []];
    const sum = { issued: 0, accepted: 0, found: 0 };
    const { [others]: ofNoRun = [], ...byRun } = Object.groupBy(await readAll(ledger), runOf);
    for (const [run, { issued, accepted }] of this.notes()) {
      const events = byRun[run] ?? [];
      delete byRun[run];
      sum.issued += issued.size;
      sum.accepted += accepted.size;
      sum.found += events.length;
      const seen = new Set<number>();
      for (const event of events) {
        const details = JSON.parse(event["new"] ?? "{}") as Record<string, unknown>;
        const n = Number(details["authlog.sequence"]);
        const uid = String(details["log.record.uid"]);
        if (seen.has(n)) doubled?.push(uid);
        seen.add(n);
        if (!issued.has(n)) foreign?.push(uid);
        else if (!isAsIssued(run, n, event, details)) altered?.push(uid);
      }
      for (const n of accepted) if (!seen.has(n)) lost?.push(`${run}.${n}`);
    }
    return { ...sum, lost, doubled, foreign, altered, others: ofNoRun.length } as Verdict;
  }
}

type FoundEvent = Readonly<Record<string, string>>;

function isAsIssued(
  run: string,
  n: number,
  event: FoundEvent,
  details: Readonly<Record<string, unknown>>,
): boolean {
  // What the provider's resource adds is not the record's own.
  const { "service.name": _, ...own } = details;
  const { eventName, timeUnixMillis, body, attributes, remoteSpan } = sampleRecord(run, n);
  const expected = {
    ...attributes,
    ...(remoteSpan && { trace_id: remoteSpan.traceId, span_id: remoteSpan.spanId }),
  };
  return (
    event["action"] === eventName &&
    event["message"] === body &&
    Date.parse(event["timestamp"] ?? "") === timeUnixMillis &&
    isDeepStrictEqual(own, expected)
  );
}

interface FoundRecord {
  readonly hash: string;
  readonly envelope: { readonly event: FoundEvent; readonly received_at: string };
}

interface Page {
  readonly id: string;
  readonly count: number;
  readonly events: readonly FoundRecord[];
}

const others = "others";

function runOf({ actor = "" }: FoundEvent): string {
  return actor.startsWith(runPrefix) ? actor : others;
}

/** Most records that one search finds, and that one page holds. */
const mostResults = 10_000;

/** Every event, oldest first: each search begins where the one before had to end. */
async function readAll(ledger: Searched): Promise<FoundEvent[]> {
  const found = new Map<string, FoundRecord>();
  let start = "14d";
  for (let sizeBefore = -1; found.size > sizeBefore;) {
    sizeBefore = found.size;
    const search = { start, order: "asc", limit: 1000, max_results: mostResults };
    let page = await ask(ledger, "v1/search", search);
    for (let offset = 0; ;) {
      for (const record of page.events) found.set(record.hash, record);
      offset += page.events.length;
      start = page.events.at(-1)?.envelope.received_at ?? start;
      if (offset >= page.count) break;
      page = await ask(ledger, "v1/results", { id: page.id, limit: 1000, offset });
    }
  }
  return [...found.values()].map(({ envelope }) => envelope.event);
}

async function ask({ url, readToken }: Searched, path: string, body: object): Promise<Page> {
  const response = await fetch(`${url}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${readToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { result, summary } = (await response.json()) as { result: Page; summary: string };
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${summary}`);
  return result;
}
