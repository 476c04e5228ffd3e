import { type Audit, AuditService, PangeaConfig } from "pangea-node-sdk";

/** One event of a ledger, as the unmodified SDK read and verified it. */
export interface TrailEvent {
  actor: string;
  action: string;
  status: string;
  target?: string;
  source?: string;
  /** Every attribute, with the trace's ids. */
  details: Readonly<Record<string, unknown>>;
  hash: string;
}

/**
 * Every event of a ledger, oldest first. The SDK checks each one's hash and its membership proof, by
 * its own code; one that fails makes this throw.
 */
export async function readTrail(ledger: { url: string; readToken: string }): Promise<TrailEvent[]> {
  const audit = new AuditService(
    ledger.readToken,
    new PangeaConfig({ baseUrlTemplate: ledger.url }),
  );
  const { result } = await audit.search("", { verbose: true, limit: 1000, order: "asc" }, {});
  return result.events.map((record) => {
    verifyMembership(audit, record, result);
    const event = record.envelope.event as Record<string, string>;
    const { actor = "", action = "", status = "", target, source } = event;
    return {
      actor,
      action,
      status,
      ...(target !== undefined && { target }),
      ...(source !== undefined && { source }),
      // The SDK parses what stands under `new`.
      details: event["new"] as unknown as Record<string, unknown>,
      hash: record.hash,
    };
  });
}

function verifyMembership(
  audit: AuditService,
  record: Audit.AuditRecord,
  { root, unpublished_root: open }: Audit.SearchResponse,
): void {
  const rootHash = (record.published ? root : open)?.root_hash;
  if (rootHash === undefined) throw new Error(`The ledger gave no root for ${record.hash}.`);
  const claim: Audit.LogResponse = { ...record, unpublished_root: rootHash };
  audit.processLogResponse(claim, { verify: true });
  if (claim.membership_verification !== "pass") {
    throw new Error(`The membership proof of ${record.hash} failed.`);
  }
}
