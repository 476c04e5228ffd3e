import type { AppendItem } from "./envelope.ts";

/** Events that stand or fall together. */
export interface AppendRequest {
  readonly items: readonly AppendItem[];
  /** When the request came in, in microseconds since 1970. */
  readonly receivedAtMicros: number;
  /** Whether the answer is to have the sealed envelopes. */
  readonly envelopes?: boolean;
  /** Asks for proofs in the open buffer's tree; for requests of one event. */
  readonly proofs?: { readonly prevRoot?: string };
}

/**
 * What became of one event. `duplicate`: the same uid with the same content stood there already,
 * and this is the first answer again. `conflict`: the uid stood there with other content; the event
 * was appended and is flagged.
 */
export interface AppendedRecord {
  readonly outcome: "appended" | "duplicate" | "conflict";
  /** Hexadecimal SHA-256 of the envelope. */
  readonly hash: string;
  /**
   * When it was received, in microseconds since 1970: the time of its request, or a microsecond
   * after the event before it where that is later. It rises strictly over the whole ledger.
   */
  readonly receivedAtMicros: number;
  /** The sealed envelope, canonical JSON; only where it was asked for. */
  readonly envelope?: string;
}

/** The answer to an {@link AppendRequest}, in the order of its items. Everything in it is on disk. */
export interface AppendResult {
  readonly records: readonly AppendedRecord[];
  readonly proofs?: AppendProofs;
}

/** Proofs of one record in the tree of the open buffer. */
export interface AppendProofs {
  readonly unpublishedRoot: string;
  readonly membershipProof: string;
  readonly consistencyProof?: readonly string[];
}

/** A root of the tree of published buffers. */
export interface PublishedRoot {
  /** Number of buffers under the root. */
  readonly size: number;
  readonly rootHash: string;
  readonly publishedAt: string;
  /** That this root continues the one before it; absent for the first. */
  readonly consistencyProof?: readonly string[];
}

/** The root of the open buffer. */
export interface UnpublishedRoot {
  /** Number of events under the root. */
  readonly size: number;
  readonly rootHash: string;
}

/** A record as a search gives it. */
export interface FoundRecord {
  readonly hash: string;
  readonly envelope: string;
  readonly published: boolean;
  /** Index of the record's buffer in the tree of published buffers; null while it is open. */
  readonly leafIndex: number | null;
  readonly membershipProof?: string;
  /** That its uid stood there already, with other content. */
  readonly conflict?: true;
}

/** Records, and the roots that their proofs lead to, all of one moment. */
export interface RecordPage {
  readonly records: readonly FoundRecord[];
  readonly root?: PublishedRoot;
  readonly unpublishedRoot?: UnpublishedRoot;
}

/** An event whose uid stood in the ledger with other content when it was appended. */
export interface Conflict {
  /** The record's place in the ledger, from 0. */
  readonly id: number;
  readonly uid: string;
  readonly hash: string;
}
