import { AuditService, PangeaConfig, type Audit } from "pangea-node-sdk";
import { type Attack, attackNow } from "./attack";

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
  /** What the record's own hash, or its place in the log's tree, does not confirm. */
  fault: string | null;
  /** All that is known of it, the proof included. */
  fields: [name: string, value: string][];
}

export type Trail =
  | { status: "read"; entries: TrailEntry[]; total: number; attack: Attack | null }
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
    const entries = result.events.map((record) => toEntry(record, faultOf(audit, record, result)));
    return { status: "read", entries, total: result.count, attack: attackNow() };
  } catch (error) {
    return { status: "unreachable", why: error instanceof Error ? error.message : String(error) };
  }
}

const changed = "The text does not match its hash: it was changed after it was written.";
const misplaced = "The hash is not in the log's tree: it was never written, or was changed.";

/** Both checks are the SDK's own: the hash over the envelope, and the path from it to the root. */
function faultOf(
  audit: AuditService,
  record: Audit.AuditRecord,
  { root, unpublished_root }: Audit.SearchResponse,
): string | null {
  const rootHash = (record.published ? root : unpublished_root)?.root_hash;
  if (rootHash === undefined) return misplaced;
  const claim: Audit.LogResponse = { ...record, unpublished_root: rootHash };
  try {
    audit.processLogResponse(claim, { verify: true });
  } catch {
    return changed;
  }
  return claim.membership_verification === "pass" ? null : misplaced;
}

function toEntry(record: Audit.AuditRecord, fault: string | null): TrailEntry {
  const { envelope, hash } = record;
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
    fault,
    fields: fieldsOf(record, fault),
  };
}

/** The record, then what stands in it as one object, then how it is proven. */
function fieldsOf(
  { envelope, hash, leaf_index, membership_proof, published }: Audit.AuditRecord,
  fault: string | null,
): TrailEntry["fields"] {
  const { new: attributes, ...event } = envelope.event as Record<string, unknown>;
  const fields = {
    ...event,
    received_at: envelope.received_at,
    ...(attributes as object | undefined),
    hash,
    leaf_index: leaf_index ?? "not yet, its buffer is still open",
    published,
    membership_proof,
    proof: fault ?? "The hash and its place in the log's tree were verified just now.",
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;
