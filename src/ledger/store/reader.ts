import type { DatabaseSync } from "node:sqlite";
import { consistencyProof, inclusionProof } from "../../merkle/proof.ts";
import { type Hash, treeRoot } from "../../merkle/tree.ts";
import { encodeConsistency, encodePath, toHex } from "../../merkle/wire.ts";
import { Damage } from "../damage.ts";
import type { Conflict, FoundRecord, PublishedRoot, RecordPage } from "../records.ts";
import { type Search, searchStatement } from "../search/sql.ts";
import { formatMicros, parseMicros } from "../../time.ts";
import { assertColumns, recordColumns } from "./columns.ts";
import { inTransaction, openForReading } from "./database.ts";
import { type LedgerHead, prepareHead } from "./head.ts";
import { openTrees, type Trees } from "./trees.ts";

/** Reads a ledger beside its writer. Each call sees one moment. */
export interface LedgerReader {
  /** Ids of the records that a search finds, in its order; undefined where it took too long. */
  find: (search: Search) => number[] | undefined;
  /**
   * Records by id, in the order of the ids; with proofs and roots where these are asked for. At
   * least one, and the fewer the larger they are: see {@link maxPageBytes}.
   */
  page: (ids: readonly number[], proofs: boolean) => RecordPage;
  /** The published root of a size, the latest by default; undefined when there is none yet. */
  root: (size?: number) => PublishedRoot | undefined;
  /** The random name of the ledger's tree. */
  treeName: () => string;
  /** Events that were appended under a uid that had stood there with other content. */
  conflicts: () => Conflict[];
  close: () => void;
}

/** A page ends with the record that reaches so many bytes: an answer is held whole, several times. */
const maxPageBytes = 32 * 1_024 ** 2;

/**
 * @param path the database file
 * @param searchTimeoutMillis a search is ended when it has taken so long
 */
export function openReader(path: string, searchTimeoutMillis: number): LedgerReader {
  const db = openForReading(path);
  let deadline = Number.POSITIVE_INFINITY;
  // SQLite has no other way to be stopped here than a function of ours that throws in the middle.
  db.function("in_time", () => {
    if (performance.now() > deadline) throw new Error("The search took too long");
    return 1;
  });
  db.function("micros_of", { deterministic: true }, (text) =>
    typeof text === "string" ? (parseMicros(text) ?? null) : null,
  );
  const trees = openTrees(db);
  const readHead = prepareHead(db);
  const rootOf = prepareRoot(db, trees);
  const recordOf = prepareRecord(db, trees);
  const conflicts = db.prepare("SELECT id, uid, hash FROM event WHERE conflict = 1 ORDER BY id");

  return {
    find: (search) => {
      const { sql, values } = searchStatement(search);
      deadline = performance.now() + searchTimeoutMillis;
      try {
        const rows = db.prepare(sql).all(...values);
        return rows.map((row) => Number(row["id"]));
      } catch (error) {
        if (performance.now() > deadline) return undefined;
        throw error;
      }
    },
    page: (ids, proofs) =>
      inTransaction(db, "BEGIN", () => {
        const head = readHead();
        const records: FoundRecord[] = [];
        let bytes = 0;
        for (const id of ids) {
          const record = recordOf(id, head, proofs);
          records.push(record);
          bytes += Buffer.byteLength(record.envelope) + (record.membershipProof?.length ?? 0);
          if (bytes >= maxPageBytes) break;
        }
        if (!proofs) return { records };
        const root = head.buffer > 0 ? rootOf(head.buffer) : undefined;
        const open = trees.buffer(head.buffer, head.firstEvent);
        return {
          records,
          ...(root && { root }),
          ...(head.size > 0 && {
            unpublishedRoot: { size: head.size, rootHash: toHex(treeRoot(head.size, open)) },
          }),
        };
      }),
    root: (size) =>
      inTransaction(db, "BEGIN", () => {
        const { buffer } = readHead();
        const asked = size ?? buffer;
        return asked < 1 || asked > buffer ? undefined : rootOf(asked);
      }),
    treeName: () => String(db.prepare("SELECT tree_name FROM ledger").get()?.["tree_name"]),
    conflicts: () =>
      conflicts.all().map(({ id, uid, hash }) => ({
        id: Number(id),
        uid: String(uid),
        hash: toHex(hash as Hash),
      })),
    close: () => db.close(),
  };
}

function prepareRoot(db: DatabaseSync, { published }: Trees): (size: number) => PublishedRoot {
  const publishedAt = db.prepare("SELECT published_us FROM buffer WHERE id = ?");
  return (size) => {
    const consistency = consistencyProof(size - 1, size, published);
    return {
      size,
      rootHash: toHex(treeRoot(size, published)),
      publishedAt: formatMicros(Number(publishedAt.get(size - 1)?.["published_us"])),
      ...(consistency && { consistencyProof: encodeConsistency(consistency) }),
    };
  };
}

function prepareRecord(
  db: DatabaseSync,
  trees: Trees,
): (id: number, head: LedgerHead, proofs: boolean) => FoundRecord {
  const event = db.prepare(`SELECT ${recordColumns} FROM event WHERE id = ?`);
  const bufferOf = db.prepare(
    "SELECT id, first_event, size FROM buffer WHERE first_event <= ? ORDER BY first_event DESC LIMIT 1",
  );
  return (id, head, proofs) => {
    const row = event.get(id);
    if (row === undefined) throw new Damage(`The ledger lacks event ${id}.`);
    assertColumns(id, row);
    const record = {
      hash: toHex(row["hash"] as Hash),
      envelope: String(row["envelope"]),
      ...(row["conflict"] === 1 && { conflict: true as const }),
    };
    if (id >= head.firstEvent) {
      const tree = trees.buffer(head.buffer, head.firstEvent);
      const path = proofs && encodePath(inclusionProof(id - head.firstEvent, head.size, tree));
      const found = { ...record, published: false, leafIndex: null };
      return path === false ? found : { ...found, membershipProof: path };
    }
    const buffer = bufferOf.get(id);
    if (buffer === undefined) throw new Damage(`The ledger lacks the buffer of event ${id}.`);
    const [index, first] = [Number(buffer["id"]), Number(buffer["first_event"])];
    const found = { ...record, published: true, leafIndex: index };
    if (!proofs) return found;
    // Two trees, one path: from the event to its buffer's root, and from there to the ledger's.
    const inBuffer = inclusionProof(id - first, Number(buffer["size"]), trees.buffer(index, first));
    const inLedger = inclusionProof(index, head.buffer, trees.published);
    return { ...found, membershipProof: encodePath([...inBuffer, ...inLedger]) };
  };
}
