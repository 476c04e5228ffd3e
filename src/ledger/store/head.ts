import type { DatabaseSync } from "node:sqlite";
import { parseMicros } from "../../time.ts";

/** Where the ledger ends: the open buffer, and how much is in it. */
export interface LedgerHead {
  /** Number of the open buffer, and of published buffers before it. */
  buffer: number;
  /** Id of the first event of the open buffer. */
  firstEvent: number;
  /** Number of events in the open buffer. */
  size: number;
  /** The latest time of receipt, in microseconds since 1970: every later one has to be later. */
  receivedMicros: number;
}

/** Reads the end of the ledger, from the rows as they are in the transaction. */
export function prepareHead(db: DatabaseSync): () => LedgerHead {
  const lastBuffer = db.prepare(
    "SELECT id, first_event + size AS next FROM buffer ORDER BY id DESC LIMIT 1",
  );
  const lastEvent = db.prepare("SELECT max(id) AS id FROM event");
  // By the index, and not the last event's: an older ledger's clock may have been set back.
  const lastReceipt = db.prepare("SELECT max(envelope ->> '$.received_at') AS text FROM event");
  return () => {
    const last = lastBuffer.get();
    const firstEvent = Number(last?.["next"] ?? 0);
    const nextEvent = Number(lastEvent.get()?.["id"] ?? -1) + 1;
    return {
      buffer: last === undefined ? 0 : Number(last["id"]) + 1,
      firstEvent,
      size: nextEvent - firstEvent,
      receivedMicros: parseMicros(String(lastReceipt.get()?.["text"])) ?? 0,
    };
  };
}
