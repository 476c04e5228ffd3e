import type { AuditEvent } from "../audit-schema/audit-schema.ts";
import { loadService } from "./audit-service.ts";
import { RequestFault } from "./request-fault.ts";

/** Where an event is written to and read from. */
export interface RoundTripOptions {
  token: string;
  /** A token that may search. Absent: the event is not read back. */
  readToken?: string | undefined;
  /** Checked URL of the service, with `{SERVICE_NAME}`. */
  baseUrlTemplate: string;
  configId?: string | undefined;
  /** A search that finds the event and no other. */
  query: string;
  /** Ends it all. */
  signal: AbortSignal;
}

/** What became of one event. No field holds a token. */
export interface RoundTrip {
  /** Whether it was appended, and pangea-node-sdk verified its hash and its membership. */
  proven: boolean;
  /** Why not: Pangea's status, or the network's code. */
  fault?: string;
  readBack: "verified" | "not found" | "refused" | "no token";
}

/** Appends one event, has the official SDK verify it, and reads it back where a token may. */
export async function roundTrip(event: AuditEvent, options: RoundTripOptions): Promise<RoundTrip> {
  const { token, readToken, query, signal } = options;
  const open = await loadService(options);
  const writer = open(token);
  try {
    const { result } = await writer.audit.log(event, { verify: true });
    if (result.membership_verification !== "pass") {
      return {
        proven: false,
        fault: "The proof of its membership does not hold.",
        readBack: "no token",
      };
    }
  } catch (error) {
    return { proven: false, fault: faultOf(error, writer.said(), signal), readBack: "no token" };
  }
  if (readToken === undefined) return { proven: true, readBack: "no token" };
  const reader = open(readToken);
  try {
    // The SDK throws for a record whose hash is wrong.
    const { result } = await reader.audit.search(query, { limit: 2, max_results: 2 }, {});
    return { proven: true, readBack: result.events.length === 1 ? "verified" : "not found" };
  } catch {
    const refused = /^HTTP 40[13]/.test(reader.said());
    return { proven: true, readBack: refused ? "refused" : "not found" };
  }
}

function faultOf(error: unknown, said: string, signal: AbortSignal): string {
  if (said !== "") return said;
  const { kind, code } = RequestFault.from(error, signal);
  return code ?? kind;
}
