import { AuditService, PangeaConfig } from "pangea-node-sdk";
import { until } from "./until.ts";

/** An event as the official SDK gave it back, after it verified hash and membership. */
export interface ProvenEvent {
  action: string;
  status: string;
  actor: string;
  target: string | undefined;
  /** Every attribute, and the record's `trace_id` and `span_id`. */
  details: Readonly<Record<string, unknown>>;
}

export interface LedgerAccess {
  url: string;
  readToken: string;
}

/** The most that the ledger gives for one search. */
const mostEvents = 10_000;

/**
 * Searches with the unmodified SDK, oldest first. The SDK throws for a hash that is wrong; a
 * membership proof that is wrong or missing throws here.
 */
export async function provenEvents(
  { url, readToken }: LedgerAccess,
  query = "",
): Promise<ProvenEvent[]> {
  const audit = new AuditService(readToken, new PangeaConfig({ baseUrlTemplate: url }));
  const { result } = await withoutPublicArchive(() =>
    audit.search(
      query,
      { limit: mostEvents, max_results: mostEvents, order: "asc" },
      { verifyConsistency: true },
    ),
  );
  if (result.events.length === mostEvents) throw new Error("There may be more events than these.");
  return result.events.map(({ envelope, membership_verification }) => {
    if (membership_verification !== "pass") {
      throw new Error(`Membership of an event is "${membership_verification}".`);
    }
    const event = envelope.event as Record<string, string>;
    const { action = "", status = "", actor = "", target } = event;
    const details = event["new"] as unknown as ProvenEvent["details"];
    return { action, status, actor, target, details };
  });
}

/** Waits until the ledger holds an event that answers the query, and gives all that do. */
export function arrivedEvents(ledger: LedgerAccess, query: string): Promise<ProvenEvent[]> {
  return until(`an event for ${query}`, async () => {
    const found = await provenEvents(ledger, query);
    return found.length === 0 ? undefined : found;
  });
}

/**
 * The SDK asks a public web archive for published roots before it asks the log itself. A test makes
 * no request off this machine, so the archive's answer, that it knows of none, is given here.
 */
async function withoutPublicArchive<T>(search: () => Promise<T>): Promise<T> {
  const before = globalThis.fetch;
  globalThis.fetch = (input, init) =>
    input === "https://arweave.net/graphql"
      ? Promise.resolve(Response.json({ data: { transactions: { edges: [] } } }))
      : before(input, init);
  try {
    return await search();
  } finally {
    globalThis.fetch = before;
  }
}
