import type { AuditService, PangeaResponse } from "pangea-node-sdk";
import { type Answer, headOf, parseAccepted } from "./answer.ts";
import { pollAccepted } from "./poll-accepted.ts";
import { type Exchange, getOnce, postOnce } from "./post-once.ts";
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
      const limits = { token: this.#token, body, maxRequestBytes, signal };
      const first = this.#read<R>(await postOnce(this.getUrl(endpoint), limits));
      const { parsed } = first.answer.httpStatus === 202 ? await this.#ask(first) : first;
      if (!parsed.success) throw new RequestFault("sdk");
      this.said = "";
      return parsed;
    }

    /** What became of a request that was only accepted (202). */
    async #ask<R>(first: Reading<R>): Promise<Reading<R>> {
      const accepted = parseAccepted(first.parsed, performance.now());
      if (accepted === undefined) return first;
      const url = this.getUrl(`request/${accepted.requestId}`);
      const limits = { token: this.#token, signal };
      const poll = async (): Promise<Reading<R>> => this.#read(await getOnce(url, limits));
      const options = { signal, atOnce: false, accepted: first.answer };
      return (await pollAccepted(poll, options)) ?? first;
    }

    #read<R>(exchange: Exchange): Reading<R> {
      const { response, bytes } = exchange;
      this.said = `HTTP ${response.status}`;
      return { parsed: new sdk.PangeaResponse<R>(response, bytes), answer: headOf(exchange) };
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

/** An answer, as the SDK reads it and as it is polled for. */
interface Reading<R> {
  parsed: PangeaResponse<R>;
  answer: Answer;
}
