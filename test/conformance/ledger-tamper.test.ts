import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sdkOf, withoutArchive } from "./sdk-client.ts";
import { type ServedLedger, serveLedger, temporaryFolder } from "./served-ledger.ts";

let folder: ReturnType<typeof temporaryFolder>;
let ledger: ServedLedger;

beforeEach(async () => {
  folder = temporaryFolder();
  ledger = await serveLedger(folder.path);
  // Two published roots, closed by size and by the stop.
  const events = Array.from({ length: 1_010 }, (_, at) => ({
    message: `event ${at}`,
    actor: "ada",
  }));
  await sdkOf(ledger).writer.logBulk(events.slice(0, 1_000));
  await sdkOf(ledger).writer.logBulk(events.slice(1_000));
  await ledger.stop();
});
afterEach(() => {
  folder[Symbol.dispose]();
});

/** Changes the file while nobody serves it, as somebody with rights on the machine can. */
function edit(sql: string, ...values: (string | Uint8Array)[]): void {
  const db = new DatabaseSync(join(folder.path, "ledger.db"));
  expect(db.prepare(sql).run(...values).changes).toBe(1);
  db.close();
}

async function verdictsOf(
  query: string,
  options: { skipEventVerification?: boolean; order?: "asc" | "desc" } = {},
): Promise<(string | undefined)[][]> {
  ledger = await serveLedger(folder.path);
  using _ = withoutArchive();
  try {
    const { reader } = sdkOf(ledger);
    const { order = "asc", ...sdkOptions } = options;
    const search = { limit: 5, order };
    const { result } = await reader.search(query, search, {
      verifyConsistency: true,
      ...sdkOptions,
    });
    return result.events.map((record) => [
      record.membership_verification,
      record.consistency_verification,
    ]);
  } finally {
    await ledger.stop();
  }
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe("a ledger's file that was edited", () => {
  it("passes as long as nobody has edited it", async () => {
    expect(await verdictsOf('"event 7"')).toEqual(times(5, ["pass", "pass"]));
    expect(await verdictsOf("", { order: "desc" })).toEqual(times(5, ["pass", "pass"]));
  });

  it("fails the hash of an event whose text was changed", async () => {
    edit("UPDATE event SET envelope = replace(envelope, 'ada', 'eve') WHERE id = 7");
    await expect(verdictsOf('"event 7"')).rejects.toThrow(/Fail event hash verification/);
  });

  it("fails the membership of an event that was given a new hash as well", async () => {
    const now = Date.now();
    const receivedAt = new Date(now).toISOString().replace("Z", "000Z");
    const envelope = `{"event":{"message":"never happened"},"received_at":"${receivedAt}"}`;
    const hash = createHash("sha256").update(envelope).digest();
    edit(
      `UPDATE event SET envelope = ?, hash = ?, received_us = ${now} * 1000 WHERE id = 7`,
      envelope,
      hash,
    );
    const db = await verdictsOf('"never happened"');
    expect(db).toEqual([["fail", "pass"]]);
  });

  it("fails the membership of events under a node of the tree that was changed", async () => {
    edit("UPDATE node SET hash = ? WHERE tree = 0 AND level = 4 AND idx = 1", new Uint8Array(32));
    expect(await verdictsOf('"event 7"')).toContainEqual(["fail", "pass"]);
  });

  it("fails the consistency where a published root was changed", async () => {
    edit("UPDATE buffer SET root = ? WHERE id = 0", new Uint8Array(32));
    // The latest events: their way to the ledger's root leads past the older buffer's.
    const verdicts = await verdictsOf("", { order: "desc" });
    expect(verdicts).toEqual(times(5, ["fail", "fail"]));
  });
});
