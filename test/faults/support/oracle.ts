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

  /** Asks the ledger for every run, and for what is of none. */
  async judge(ledger: Searched): Promise<Verdict> {
    const [lost, doubled, foreign, altered]: string[][] = [[], [], [], []];
    const sum = { issued: 0, accepted: 0, found: 0 };
    for (const [run, { issued, accepted }] of this.notes()) {
      const found = await searchAll(ledger, `actor:"${run}"`);
      // A search finds what contains the text.
      const events = found.filter(({ actor }) => actor === run);
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
    const others = await searchAll(ledger, `-actor:"${runPrefix}"`);
    return { ...sum, lost, doubled, foreign, altered, others: others.length } as Verdict;
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

interface Page {
  readonly id: string;
  readonly count: number;
  readonly events: readonly { readonly envelope: { readonly event: FoundEvent } }[];
}

/** Most records that one search finds. */
const mostResults = 10_000;

async function searchAll(ledger: Searched, query: string): Promise<FoundEvent[]> {
  let page = await ask(ledger, "v1/search", { query, limit: 1000, max_results: mostResults });
  if (page.count >= mostResults) throw new Error("There may be more events than these.");
  const events = page.events.map(({ envelope }) => envelope.event);
  while (events.length < page.count) {
    page = await ask(ledger, "v1/results", { id: page.id, limit: 1000, offset: events.length });
    events.push(...page.events.map(({ envelope }) => envelope.event));
  }
  return events;
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
