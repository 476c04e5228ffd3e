import type { AuditService, PangeaResponse } from "pangea-node-sdk";
import type { AuditEvent } from "../audit-schema/audit-schema.ts";
import { postOnce } from "./post-once.ts";
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

const maxRequestBytes = 64 * 1_024;

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

interface Service {
  audit: AuditService;
  /** HTTP status and Pangea's of the last answer that was no success, else nothing. */
  said: () => string;
}

/** The official service over one attempt a call, which ends with the signal. */
async function loadService({
  baseUrlTemplate,
  configId,
  signal,
}: RoundTripOptions): Promise<(token: string) => Service> {
  const sdk = await import("pangea-node-sdk");

  class OneAttempt extends sdk.PangeaRequest {
    said = "";
    readonly #token: string;

    constructor(token: string, config: InstanceType<typeof sdk.PangeaConfig>) {
      super("audit", token, config, configId);
      this.#token = token;
    }

    override async post<R>(endpoint: string, data: object): Promise<PangeaResponse<R>> {
      const body = JSON.stringify(configId === undefined ? data : { ...data, config_id: configId });
      const token = this.#token;
      const limits = { token, body, maxRequestBytes, signal };
      const { response, bytes } = await postOnce(this.getUrl(endpoint), limits);
      this.said = `HTTP ${response.status}`;
      const parsed = new sdk.PangeaResponse<R>(response, bytes);
      if (!parsed.success) throw new RequestFault("sdk");
      this.said = "";
      return parsed;
    }
  }

  return (token) => {
    const config = new sdk.PangeaConfig({ baseUrlTemplate });
    const request = new OneAttempt(token, config);
    class Audit extends sdk.AuditService {
      override get request(): OneAttempt {
        return request;
      }
    }
    return { audit: new Audit(token, config, undefined, configId), said: () => request.said };
  };
}
