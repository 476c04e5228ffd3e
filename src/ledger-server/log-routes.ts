import type { AppendItem } from "../ledger/envelope.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { AppendedRecord, AppendProofs, AppendRequest } from "../ledger/records.ts";
import { type Clock, formatMicros, toMicros } from "../time.ts";
import type { EventSchema } from "./event-schema.ts";
import { logRequestSchemas } from "./log-request.ts";
import type { Success } from "./reply.ts";
import { validate } from "./validation.ts";

/** An event that was just appended, for whoever follows the ledger in this process. */
export interface AppendedEvent {
  /** The audit event: `message`, `actor`, `action`, `status`, `target`, `source`, `new` … */
  readonly event: Readonly<Record<string, string | number | boolean>>;
  /** When the ledger received it, RFC 3339 with microseconds; no two events share one. */
  readonly receivedAt: string;
  /** Hexadecimal SHA-256 of the record's envelope. */
  readonly hash: string;
  /** Whether its uid stood in the ledger already, with other content. */
  readonly conflict: boolean;
}

/** What the log routes work with. */
export interface LogRoutesOptions {
  readonly ledger: Ledger;
  readonly schema: EventSchema;
  readonly clock: Clock;
  /** Called for each event once it is on disk, duplicates excepted. What it throws is dropped. */
  readonly onAppend?: (event: AppendedEvent) => void;
}

/** The handlers of `v1/log` and `v2/log`. */
export function logRoutes(options: LogRoutesOptions): {
  log: (body: unknown) => Promise<Success>;
  bulkLog: (body: unknown) => Promise<Success>;
} {
  const { ledger, schema, clock } = options;
  const { single, bulk } = logRequestSchemas(schema);

  const append = async (
    items: readonly AppendItem[],
    wanted: Pick<AppendRequest, "envelopes" | "proofs">,
  ): Promise<{ records: readonly AppendedRecord[]; proofs?: AppendProofs }> => {
    const receivedAtMicros = toMicros(clock());
    const result = await ledger.append({ items, receivedAtMicros, ...wanted });
    tell(options, items, result.records);
    return result;
  };

  return {
    log: async (body) => {
      const { item, verbose, prevRoot } = validate(single, body);
      const { records, proofs } = await append(
        [item],
        verbose ? { envelopes: true, proofs: prevRoot === undefined ? {} : { prevRoot } } : {},
      );
      const record = records.map((one) => recordJson(one, proofs)).join("");
      return { resultJson: record, summary: summaryOf(records) };
    },
    bulkLog: async (body) => {
      const { items, verbose } = validate(bulk, body);
      const { records } = await append(items, { envelopes: verbose });
      const results = records.map((record) => recordJson(record)).join(",");
      return { resultJson: `{"results":[${results}]}`, summary: summaryOf(records) };
    },
  };
}

function recordJson({ hash, envelope }: AppendedRecord, proofs?: AppendProofs): string {
  if (envelope === undefined) return `{"hash":"${hash}"}`;
  const proof = proofs && {
    unpublished_root: proofs.unpublishedRoot,
    membership_proof: proofs.membershipProof,
    ...(proofs.consistencyProof && { consistency_proof: proofs.consistencyProof }),
  };
  const rest = JSON.stringify({ hash, ...proof });
  return `{"envelope":${envelope},${rest.slice(1)}`;
}

function summaryOf(records: readonly AppendedRecord[]): string {
  const count = (outcome: AppendedRecord["outcome"]): number =>
    records.filter((record) => record.outcome === outcome).length;
  const duplicates = count("duplicate");
  const conflicts = count("conflict");
  return [
    `Logged ${records.length - duplicates} record(s)`,
    ...(duplicates > 0 ? [`${duplicates} duplicate(s) answered with the first answer`] : []),
    ...(conflicts > 0 ? [`${conflicts} conflict(s): same uid, other content`] : []),
  ].join("; ");
}

function tell(
  { onAppend }: LogRoutesOptions,
  items: readonly AppendItem[],
  records: readonly AppendedRecord[],
): void {
  if (onAppend === undefined) return;
  for (const [at, { outcome, hash, receivedAtMicros }] of records.entries()) {
    if (outcome === "duplicate") continue;
    try {
      onAppend({
        event: JSON.parse(items[at]?.event ?? "{}") as AppendedEvent["event"],
        receivedAt: formatMicros(receivedAtMicros),
        hash,
        conflict: outcome === "conflict",
      });
    } catch {
      // The events are on disk: a listener's fault must not make the answer say otherwise.
    }
  }
}
