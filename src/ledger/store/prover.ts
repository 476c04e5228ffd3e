import { consistencyProof, inclusionProof } from "../../merkle/proof.ts";
import { treeRoot } from "../../merkle/tree.ts";
import { encodeConsistency, encodePath, toHex } from "../../merkle/wire.ts";
import type { AppendProofs } from "../records.ts";
import type { LedgerHead } from "./head.ts";
import type { Trees } from "./trees.ts";

/** Proves events in the tree of the open buffer, for senders that verify each answer. */
export interface Prover {
  /**
   * @param leaf the event's place in the buffer
   * @param prevRoot the root that the sender saw last; the proof is from it to the root now, and is
   *   left out when that root was of another buffer. Without it, from the root one event ago.
   */
  prove: (leaf: number, head: LedgerHead, prevRoot?: string) => AppendProofs;
  /** To be called when a transaction was rolled back: roots of events that never were are no roots. */
  forget: () => void;
}

export function openProver(trees: Trees): Prover {
  // Size of the open buffer's tree by its root. Kept only while senders ask: a ledger that takes
  // bulk requests alone never computes these.
  let buffer = -1;
  let known = new Map<string, number>();

  const sizeOf = (root: string, head: LedgerHead): number => {
    if (buffer !== head.buffer) {
      buffer = head.buffer;
      known = new Map();
    }
    const tree = trees.buffer(head.buffer, head.firstEvent);
    for (let size = known.size + 1; size <= head.size; size += 1) {
      known.set(toHex(treeRoot(size, tree)), size);
    }
    return known.get(root) ?? 0;
  };

  return {
    prove: (leaf, head, prevRoot) => {
      const tree = trees.buffer(head.buffer, head.firstEvent);
      const older = prevRoot === undefined ? head.size - 1 : sizeOf(prevRoot, head);
      const consistency = consistencyProof(older, head.size, tree);
      return {
        unpublishedRoot: toHex(treeRoot(head.size, tree)),
        membershipProof: encodePath(inclusionProof(leaf, head.size, tree)),
        ...(consistency && { consistencyProof: encodeConsistency(consistency) }),
      };
    },
    forget: () => {
      buffer = -1;
    },
  };
}
