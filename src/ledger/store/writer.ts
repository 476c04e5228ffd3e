import type { DatabaseSync } from "node:sqlite";
import { treeRoot } from "../../merkle/tree.ts";
import { Damage } from "../damage.ts";
import { type AppendItem, contentText, envelopeText } from "../envelope.ts";
import type { AppendedRecord, AppendRequest, AppendResult } from "../records.ts";
import { formatMicros } from "../../time.ts";
import { inTransaction, openForWriting } from "./database.ts";
import type { LedgerHead } from "./head.ts";
import { openProver, type Prover } from "./prover.ts";
import { sha256 } from "./sha256.ts";
import { openTrees, type Trees } from "./trees.ts";
import { watchHead } from "./watch.ts";

/** The one writer of a ledger. */
export interface LedgerWriter {
  /**
   * Appends the requests in order, in one transaction. When it returns, everything in the answers
   * is on disk; when it throws, nothing of any of them is.
   *
   * @throws Damage
   */
  append: (requests: readonly AppendRequest[]) => AppendResult[];
  /** Closes the open buffer and publishes its root; false when the buffer is empty. */
  publish: (nowMicros: number) => boolean;
  /** Number of events that are not published yet. */
  openSize: () => number;
  /** Throws when another program has written to the file, and has damaged the ledger. */
  check: () => void;
  close: () => void;
}

/**
 * @param path the database file
 * @param maxBufferSize a buffer of so many events is published in the transaction that fills it
 * @throws Damage when the ledger is not whole
 */
export function openWriter(path: string, maxBufferSize: number): LedgerWriter {
  const db = openForWriting(path);
  const trees = openTrees(db);
  const end = watchHead(db);
  const prover = openProver(trees);
  const appendItem = prepareAppend(db, trees);
  const closeBuffer = prepareCloseBuffer(db, trees);

  const appendRequest = (request: AppendRequest, head: LedgerHead): AppendResult => {
    const { items, receivedAtMicros, envelopes = false } = request;
    let proofs: AppendResult["proofs"];
    const records = items.map((item) => {
      const { record, id, envelope } = appendItem(item, receivedAtMicros, head);
      // Before the buffer is closed: the proof is of the tree that the event went into.
      if (request.proofs) proofs = proofsOf(prover, request.proofs, id, head);
      if (head.size >= maxBufferSize) closeBuffer(head, receivedAtMicros);
      // What nobody asked for need not cross to another thread: it is most of the answer.
      return envelopes ? { ...record, envelope } : record;
    });
    return proofs === undefined ? { records } : { records, proofs };
  };

  const changing = <T>(work: (head: LedgerHead) => T): T => {
    const { value, head } = inTransaction(db, "BEGIN IMMEDIATE", () => {
      trees.forget();
      const current = end.read();
      return { value: work(current), head: current };
    });
    end.keep(head);
    return value;
  };

  return {
    append: (requests) => {
      try {
        return changing((head) => requests.map((request) => appendRequest(request, head)));
      } catch (error) {
        prover.forget();
        throw error;
      }
    },
    publish: (nowMicros) =>
      changing((head) => {
        if (head.size === 0) return false;
        closeBuffer(head, nowMicros);
        return true;
      }),
    openSize: () => inTransaction(db, "BEGIN", end.read).size,
    check: () => void inTransaction(db, "BEGIN", end.read),
    close: () => db.close(),
  };
}

type AppendItemFn = (
  item: AppendItem,
  receivedAtMicros: number,
  head: LedgerHead,
) => { record: AppendedRecord; id: number; envelope: string };

function prepareAppend(db: DatabaseSync, trees: Trees): AppendItemFn {
  const same = db.prepare(
    "SELECT id, hash, envelope, received_us FROM event WHERE uid = ? AND content = ?",
  );
  const sameUid = db.prepare("SELECT 1 FROM event WHERE uid = ? LIMIT 1");
  const insert = db.prepare(
    `INSERT INTO event (id, hash, envelope, received_us, timestamp_us, uid, content, conflict)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (item, receivedAtMicros, head) => {
    const uid = item.uid ?? null;
    const content = uid === null ? null : sha256(contentText(item));
    // Most uids are new, and one look tells.
    const isKnown = uid !== null && sameUid.get(uid) !== undefined;
    const first = isKnown ? same.get(uid, content) : undefined;
    if (first !== undefined) {
      const digest = Buffer.from(first["hash"] as Uint8Array).toString("hex");
      const envelope = String(first["envelope"]);
      // The columns beside the envelope are under no hash: by them alone no event is held back.
      const firstMicros = Number(first["received_us"]);
      if (envelope !== envelopeText(item, formatMicros(firstMicros)))
        throw new Damage(`Event ${first["id"]} is not what its columns say.`);
      const record = { outcome: "duplicate", hash: digest, receivedAtMicros: firstMicros } as const;
      return { record, id: Number(first["id"]), envelope };
    }
    const outcome = isKnown ? "conflict" : "appended";
    // Readers page by the time of receipt: no two events share one, whatever the clock does.
    const micros = Math.max(receivedAtMicros, head.receivedMicros + 1);
    const envelope = envelopeText(item, formatMicros(micros));
    const digest = sha256(envelope);
    const id = head.firstEvent + head.size;
    const timestamp = item.timestampMicros ?? null;
    const conflict = isKnown ? 1 : 0;
    insert.run(id, digest, envelope, micros, timestamp, uid, content, conflict);
    trees.appendEvent(head.buffer, head.firstEvent, head.size, digest);
    head.size += 1;
    head.receivedMicros = micros;
    const record = { outcome, hash: digest.toString("hex"), receivedAtMicros: micros } as const;
    return { record, id, envelope };
  };
}

function prepareCloseBuffer(
  db: DatabaseSync,
  trees: Trees,
): (head: LedgerHead, nowMicros: number) => void {
  const insert = db.prepare(
    "INSERT INTO buffer (id, first_event, size, root, published_us) VALUES (?, ?, ?, ?, ?)",
  );
  return (head, nowMicros) => {
    const root = treeRoot(head.size, trees.buffer(head.buffer, head.firstEvent));
    // Nothing is published before it was received, though the clock was set back.
    const publishedMicros = Math.max(nowMicros, head.receivedMicros);
    insert.run(head.buffer, head.firstEvent, head.size, root, publishedMicros);
    trees.appendBuffer(head.buffer, root);
    head.buffer += 1;
    head.firstEvent += head.size;
    head.size = 0;
  };
}

/** A duplicate of a published event has no place in the open buffer: its answer has no proofs. */
function proofsOf(
  prover: Prover,
  { prevRoot }: NonNullable<AppendRequest["proofs"]>,
  id: number,
  head: LedgerHead,
): AppendResult["proofs"] {
  return id < head.firstEvent ? undefined : prover.prove(id - head.firstEvent, head, prevRoot);
}
