import type { DatabaseSync } from "node:sqlite";
import { Damage } from "../damage.ts";
import { tables } from "./database.ts";
import { type LedgerHead, prepareHead } from "./head.ts";
import { assertSchema, assertWhole } from "./integrity.ts";

/** Reads the ledger's end, and notices what another program does to the file meanwhile. */
export interface HeadWatch {
  /**
   * The end as it is in the transaction that runs.
   *
   * @throws Damage when another program wrote, and what it left is not whole or ends elsewhere
   */
  readonly read: () => LedgerHead;
  /** Takes an end as committed. */
  readonly keep: (head: LedgerHead) => void;
}

/** Checks the whole ledger, and watches it from now on. To be called by its one writer. */
export function watchHead(db: DatabaseSync): HeadWatch {
  const readHead = prepareHead(db);
  // Changes with every commit of another connection, and with none of this one.
  const dataVersion = db.prepare("PRAGMA data_version");
  const versionNow = (): unknown => dataVersion.get()?.["data_version"];
  let version = versionNow();
  assertWhole(db);
  let known = readHead();

  return {
    read: () => {
      const head = readHead();
      const current = versionNow();
      if (current === version) return head;
      assertSchema(db, tables);
      assertWhole(db);
      const [before, after] = [endOf(known), endOf(head)];
      if (before !== after)
        throw new Damage(`The ledger ended ${before}, and without a write of its own ${after}.`);
      version = current;
      return head;
    },
    keep: (head) => {
      known = { ...head };
    },
  };
}

function endOf({ buffer, firstEvent, size }: LedgerHead): string {
  return `before event ${firstEvent + size} and buffer ${buffer}`;
}
