import { AuditService, PangeaConfig, type Audit } from "pangea-node-sdk";

/** One event of the audit log, as the page shows it: plain JSON, so that any router can hand it on. */
export interface TrailEntry {
  hash: string;
  name: string;
  outcome: string;
  reason: string | null;
  /** The proven user, or who the caller claimed to be. */
  who: string;
  claimed: boolean;
  from: string;
  /** ISO 8601. */
  at: string;
  traceId: string | null;
  /** Whether the record's own hash and its place in the log's tree were both verified. */
  proven: boolean;
}

export type Trail =
  | { status: "read"; entries: TrailEntry[]; total: number }
  | { status: "unset" }
  | { status: "unreachable"; why: string };

/** Reads the latest events back from the audit log and verifies the proof of each. */
export async function readTrail(limit: number): Promise<Trail> {
  const token = process.env["AUTHLOG_READ_TOKEN"];
  const baseUrlTemplate = process.env["PANGEA_BASE_URL_TEMPLATE"];
  if (token === undefined || baseUrlTemplate === undefined) return { status: "unset" };

  const audit = new AuditService(token, new PangeaConfig({ baseUrlTemplate }));
  try {
    // One bad record would make the whole search throw. Each is verified on its own below instead.
    const { result } = await audit.search(
      "",
      { limit, verbose: true, order: "desc", order_by: "received_at" },
      { skipEventVerification: true },
    );
    const entries = result.events.map((record) => toEntry(record, isProven(audit, record, result)));
    return { status: "read", entries, total: result.count };
  } catch (error) {
    return { status: "unreachable", why: error instanceof Error ? error.message : String(error) };
  }
}

/** Both checks are the SDK's own: the hash over the envelope, and the path from it to the root. */
function isProven(
  audit: AuditService,
  record: Audit.AuditRecord,
  { root, unpublished_root }: Audit.SearchResponse,
): boolean {
  const rootHash = (record.published ? root : unpublished_root)?.root_hash;
  if (rootHash === undefined) return false;
  const claim: Audit.LogResponse = { ...record, unpublished_root: rootHash };
  try {
    audit.processLogResponse(claim, { verify: true });
  } catch {
    return false;
  }
  return claim.membership_verification === "pass";
}

function toEntry({ envelope, hash }: Audit.AuditRecord, proven: boolean): TrailEntry {
  const event = envelope.event as Record<string, unknown>;
  const details = (event["new"] ?? {}) as Record<string, unknown>;
  const [outcome = "", reason] = text(event["status"])?.split(":") ?? [];
  return {
    hash,
    name: text(event["action"]) ?? "–",
    outcome,
    reason: reason?.trim() ?? null,
    who:
      text(details["user.email"]) ?? text(event["target"]) ?? text(event["actor"]) ?? "anonymous",
    claimed: "auth.attempted.identifier" in details,
    from: text(event["source"]) ?? "unknown",
    at: new Date(text(event["timestamp"]) ?? envelope.received_at ?? 0).toISOString(),
    traceId: text(details["trace_id"]) ?? null,
    proven,
  };
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;
