import type { Audit, PangeaResponse } from "pangea-node-sdk";
import { type Accepted, type Answer, headOf, parseAccepted, parseEnvelope } from "./answer.ts";
import { pollAccepted } from "./poll-accepted.ts";
import { type Exchange, getOnce, postOnce } from "./post-once.ts";
import { RequestFault } from "./request-fault.ts";
import type { EventSigner } from "./signing-key.ts";

/** One bulk call, from the events to the answer. Rejects with a {@link RequestFault} if none came. */
export type BulkCall = (events: Audit.Event[], options: BulkCallOptions) => Promise<Answer>;

/** What one bulk call needs. */
export interface BulkCallOptions {
  token: string;
  /** Checked URL of the service, with `{SERVICE_NAME}`. */
  baseUrlTemplate: string;
  configId?: string | undefined;
  /** A request of more bytes is not sent. */
  maxRequestBytes: number;
  /** Signs each event. */
  signer?: EventSigner | undefined;
  /** Where these events were accepted before: nothing is sent, and their outcome is asked for. */
  accepted?: Accepted | undefined;
  /** Ends the call, also while the answer is being read. */
  signal: AbortSignal;
}

/**
 * Loads pangea-node-sdk and gives its `logBulk` over a transport of our own. The SDK's request has
 * no deadline (a hang hangs), repeats 500, 502, 503 and 504 by itself, and loses status and
 * Retry-After of an answer that is not JSON. This one makes one attempt, asks what became of
 * it where it was only accepted (202), and keeps what came back; the shape of the request, and its
 * signing, stay the SDK's.
 */
export async function loadBulkCall(): Promise<BulkCall> {
  // A plain dynamic import, which bundlers can follow: nobody pays for it before the first export.
  const sdk = await import("pangea-node-sdk");

  class OneAttempt extends sdk.PangeaRequest {
    answer: Answer | undefined;
    readonly #options: BulkCallOptions;

    constructor(config: InstanceType<typeof sdk.PangeaConfig>, options: BulkCallOptions) {
      super("audit", options.token, config, options.configId);
      this.#options = options;
    }

    override async post<R>(endpoint: string, data: object): Promise<PangeaResponse<R>> {
      const { configId, accepted: before } = this.#options;
      if (before !== undefined) return this.#ask<R>(before, true);
      const body = JSON.stringify(configId === undefined ? data : { ...data, config_id: configId });
      const sent = await postOnce(this.getUrl(endpoint), { ...this.#options, body });
      // Kept before the body is read: where that is no JSON, the SDK's reading throws.
      this.answer = headOf(sent);
      const reading = this.#read<R>(sent);
      this.answer = reading.answer;
      if (sent.response.status !== 202) return reading.parsed;
      const accepted = parseAccepted(reading.parsed, performance.now());
      return accepted === undefined ? reading.parsed : this.#ask<R>(accepted, false);
    }

    /** The outcome of a request that was taken is told at a place of its own, on the same host. */
    async #ask<R>(accepted: Accepted, atOnce: boolean): Promise<PangeaResponse<R>> {
      const { signal } = this.#options;
      const url = this.getUrl(`request/${accepted.requestId}`);
      const before: Answer = { httpStatus: 202, ...this.answer, accepted };
      const poll = async (): Promise<Reading<R>> => {
        const reading = this.#read<R>(await getOnce(url, this.#options));
        const { retryAfter = "", date = "" } = reading.answer;
        // Where the time is up first, the next attempt comes no sooner than this one asks for.
        this.answer = { ...before, retryAfter, date };
        return reading;
      };
      this.answer = before;
      const last = await pollAccepted(poll, { signal, atOnce, accepted: before });
      if (last === undefined) throw new RequestFault("timeout");
      // A token that is refused here says nothing of the request.
      const isKnown = last.answer.httpStatus !== 401 && last.answer.httpStatus !== 403;
      this.answer = isKnown ? last.answer : { ...last.answer, accepted };
      return last.parsed;
    }

    #read<R>(exchange: Exchange): Reading<R> {
      const { response, bytes } = exchange;
      // Of the two forms that the SDK reads, a bulk call is answered with JSON alone.
      if (response.headers.get("content-type")?.includes("multipart"))
        throw new RequestFault("sdk");
      const { token } = this.#options;
      const parsed = new sdk.PangeaResponse<R>(response, bytes);
      const envelope = parseEnvelope(parsed, (text) => text.replaceAll(token, "[token]"));
      return { parsed, answer: { ...headOf(exchange), ...(envelope && { envelope }) } };
    }
  }

  class AuditOverOneAttempt extends sdk.AuditService {
    readonly #request: OneAttempt;

    constructor(options: BulkCallOptions) {
      const config = new sdk.PangeaConfig({ baseUrlTemplate: options.baseUrlTemplate });
      super(options.token, config, undefined, options.configId);
      this.#request = new OneAttempt(config, options);
    }

    override get request(): OneAttempt {
      return this.#request;
    }
  }

  return async (events, options) => {
    // One service a call: a rotated token is used at once, and nothing is shared between calls.
    const audit = new AuditOverOneAttempt(options);
    try {
      // Verified here, a message that is JSON would throw after it was delivered.
      await audit.logBulk(events, {
        skipEventVerification: true,
        ...(options.signer && { signer: options.signer }),
      });
    } catch (error) {
      // Where there was an answer, the SDK only stumbled over what it lacks: no JSON, no results.
      if (audit.request.answer === undefined) throw RequestFault.from(error, options.signal);
    }
    if (audit.request.answer === undefined) throw new RequestFault("sdk");
    return audit.request.answer;
  };
}

/** An answer, as the SDK reads it and as it is judged. */
interface Reading<R> {
  parsed: PangeaResponse<R>;
  answer: Answer;
}
