import type { AuditService, PangeaResponse } from "pangea-node-sdk";
import { postOnce } from "./post-once.ts";
import { RequestFault } from "./request-fault.ts";

/** Where the service is, and how long it may take. */
export interface ServiceOptions {
  /** Checked URL of the service, with `{SERVICE_NAME}`. */
  baseUrlTemplate: string;
  configId?: string | undefined;
  /** Ends whatever is asked. */
  signal: AbortSignal;
}

/** The official service, for one token. */
export interface Service {
  audit: AuditService;
  /** HTTP status of the last answer that was no success, else nothing. */
  said: () => string;
}

const maxRequestBytes = 64 * 1_024;

/** Loads the official service over one attempt a call, which ends with the signal. */
export async function loadService({
  baseUrlTemplate,
  configId,
  signal,
}: ServiceOptions): Promise<(token: string) => Service> {
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
