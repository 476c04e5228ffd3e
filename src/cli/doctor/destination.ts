import type { AuthlogError } from "../../errors.ts";

/** What the probe found out about the place that events go to. */
export type Destination =
  /** No token, outside production: the embedded ledger. */
  | { kind: "ledger"; path: string; url?: string; probe?: Probe }
  /** The app has its token from its code. */
  | { kind: "code" }
  /** No token in production. */
  | { kind: "none" }
  /** A token, and a URL that it must not be sent to. */
  | { kind: "unusable"; cause: AuthlogError }
  /** A token, and a URL that it may be sent to. */
  | { kind: "remote"; url: string; probe: Probe };

/** What asking the destination gave. */
export interface Probe {
  /** Node's code of the error, or `timeout`. */
  readonly fault?: string;
  /** By how much the destination's clock is ahead of this machine's. */
  readonly skewMillis?: number;
  /** HTTP status and Pangea's, of a bulk request without events. */
  readonly answer?: {
    readonly httpStatus: number;
    readonly status?: string;
    readonly summary?: string;
  };
  readonly roundTrip?: RoundTripFinding;
}

/** What became of the one event that was appended. */
export interface RoundTripFinding {
  /** Appended, with its proof verified by pangea-node-sdk. */
  readonly proven: boolean;
  /** Why not. */
  readonly fault?: string;
  /** Whether it was found again, by a token that can read, and its hash was right. */
  readonly readBack: "verified" | "not found" | "refused" | "no token" | "no id";
}

/**
 * Asked to append nothing, an audit log that takes the token finds fault with the request alone, and
 * says so in Pangea's envelope: a page, or a proxy, can have the HTTP status too.
 */
export function isTaken({ httpStatus, status }: NonNullable<Probe["answer"]>): boolean {
  if (status === "Success") return httpStatus === 200;
  const isBad = httpStatus === 400 || httpStatus === 422;
  return isBad && (status === "ValidationError" || status === "InvalidPayloadReceived");
}
