import type { DatabaseSync, StatementSync } from "node:sqlite";
import { appendLeaf, type Hash, type HashPair, type TreeReader } from "../../merkle/tree.ts";
import { Damage } from "../damage.ts";
import { sha256 } from "./sha256.ts";

/** Number of the tree of published buffers; the tree of a buffer has the buffer's number. */
export const publishedTree = -1;

/** SHA-256 of the children, nothing before or between them. */
const hashPair: HashPair = (left, right) => sha256(Buffer.concat([left, right]));

/** The Merkle trees of one database: one for each buffer, and one over the published buffers. */
export interface Trees {
  /** The tree of the buffer whose first event is `firstEvent`. */
  buffer: (id: number, firstEvent: number) => TreeReader;
  published: TreeReader;
  /** Writes what a new leaf of a buffer completes; the leaf is the event's own row. */
  appendEvent: (buffer: number, firstEvent: number, size: number, leaf: Hash) => void;
  /** To be called when a transaction begins: what one wrote itself it need not read again. */
  forget: () => void;
  /** Writes what a new published buffer completes; the leaf is the buffer's own row. */
  appendBuffer: (id: number, root: Hash) => void;
}

/** Binds the trees to a database: a writer's connection can append, a reader's can only read. */
export function openTrees(db: DatabaseSync): Trees {
  const eventHash = db.prepare("SELECT hash FROM event WHERE id = ?");
  const bufferRoot = db.prepare("SELECT root AS hash FROM buffer WHERE id = ?");
  const stored = db.prepare("SELECT hash FROM node WHERE tree = ? AND level = ? AND idx = ?");
  const insert = db.prepare("INSERT INTO node (tree, level, idx, hash) VALUES (?, ?, ?, ?)");

  const buffer = (id: number, firstEvent: number): TreeReader => ({
    hashPair,
    read: (level, index) =>
      level === 0
        ? readHash(eventHash, "event", firstEvent + index)
        : readHash(stored, "tree node", id, level, index),
  });
  const published: TreeReader = {
    hashPair,
    read: (level, index) =>
      level === 0
        ? readHash(bufferRoot, "buffer", index)
        : readHash(stored, "tree node", publishedTree, level, index),
  };
  // The last node that this transaction wrote on each level of a tree: the left sibling of the next.
  let edge: { tree: number; nodes: { index: number; hash: Hash }[] } | undefined;
  const append = (tree: number, size: number, leaf: Hash, reader: TreeReader): void => {
    if (edge?.tree !== tree) edge = { tree, nodes: [] };
    const { nodes } = edge;
    const read = (level: number, index: number): Hash => {
      const node = nodes[level];
      return node?.index === index ? node.hash : reader.read(level, index);
    };
    for (const { level, index, hash: digest } of appendLeaf(size, leaf, { hashPair, read })) {
      if (level > 0) insert.run(tree, level, index, digest);
      nodes[level] = { index, hash: digest };
    }
  };
  return {
    buffer,
    published,
    forget: () => {
      edge = undefined;
    },
    appendEvent: (id, firstEvent, size, leaf) => append(id, size, leaf, buffer(id, firstEvent)),
    appendBuffer: (id, root) => append(publishedTree, id, root, published),
  };
}

function readHash(statement: StatementSync, what: string, ...key: number[]): Hash {
  const row = statement.get(...key);
  // A missing node is damage: no proof can be given, and none may be made up.
  if (row === undefined) throw new Damage(`The ledger lacks ${what} ${key.join(", ")}.`);
  return row["hash"] as Hash;
}
