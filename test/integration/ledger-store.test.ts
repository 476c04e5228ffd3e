import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AppendItem } from "../../src/ledger/envelope.ts";
import { type Ledger, openLedger } from "../../src/ledger/ledger.ts";
import type { AppendResult } from "../../src/ledger/records.ts";
import type { Search } from "../../src/ledger/search/sql.ts";

let folder: string;
let ledger: Ledger;
let nowMillis: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "authlog-store-"));
  nowMillis = Date.parse("2026-11-20T10:00:00Z");
  ledger = await open();
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

function open(searchTimeoutMillis = 60_000): Promise<Ledger> {
  return openLedger({
    searchTimeoutMillis,
    path: join(folder, "ledger.db"),
    maxBufferSize: 4,
    publishIntervalMillis: 86_400_000,
    clock: () => nowMillis,
  });
}

const itemOf = (message: string, uid?: string): AppendItem => ({
  event: JSON.stringify({
    message,
    ...(uid !== undefined && { new: JSON.stringify({ "log.record.uid": uid }) }),
  }),
  ...(uid !== undefined && { uid }),
});

const everything: Search = {
  query: { type: "all" },
  startMicros: 0,
  maxResults: 10_000,
  order: "asc",
  orderBy: "received_at",
  restriction: {},
};

/** Takes seconds over some megabytes of events. */
const slow: Search = {
  ...everything,
  query: {
    type: "and",
    of: Array.from({ length: 500 }, () => ({
      type: "not",
      of: { type: "contains", text: "nowhere" },
    })),
  },
};
const megabytes = Array.from({ length: 200 }, () => itemOf("x".repeat(30_000)));

function append(items: AppendItem[], prevRoot?: string): Promise<AppendResult> {
  const proofs = prevRoot === undefined ? {} : { prevRoot };
  return ledger.append({ items, receivedAtMicros: nowMillis * 1_000, envelopes: true, proofs });
}

describe("the store", () => {
  it("lists the events whose uid stood there with other content", async () => {
    await append([itemOf("first", "u1"), itemOf("other", "u2")]);
    const { records } = await append([itemOf("second", "u1"), itemOf("first", "u1")]);
    expect(records.map(({ outcome }) => outcome)).toEqual(["conflict", "duplicate"]);
    expect(await ledger.conflicts()).toEqual([{ id: 2, uid: "u1", hash: records[0]?.hash }]);
  });

  it("keeps nothing of a transaction that fails, and goes on as if it had not been", async () => {
    const { proofs } = await append([itemOf("kept")]);
    // A value that SQLite cannot bind, in the middle of a request and of a group.
    const broken = { ...itemOf("broken"), timestampMicros: {} as number };
    const outcomes = await Promise.allSettled([
      append([itemOf("lost"), broken], proofs?.unpublishedRoot),
      append([itemOf("in the same group")]),
    ]);
    expect(outcomes[0]).toMatchObject({ reason: { code: "ERR_AUTHLOG_LEDGER_UNUSABLE" } });
    const before = (await ledger.page([0], true)).unpublishedRoot?.size ?? 0;
    const after = await append([itemOf("after")], proofs?.unpublishedRoot);
    expect(after.proofs?.consistencyProof).toHaveLength(1);
    expect((await ledger.page([0], true)).unpublishedRoot?.size).toBe(before + 1);
    await expect(ledger.page([before + 1], true)).rejects.toThrow(/lacks event/);
  });

  it("proves the way from any root of the open buffer, and from none of an earlier one", async () => {
    const roots: string[] = [];
    for (const message of ["a", "b", "c", "d", "e", "f"]) {
      const { proofs } = await append([itemOf(message)], roots[0]);
      roots.push(proofs?.unpublishedRoot ?? "");
      const isInFirstBuffer = roots.length > 1 && roots.length <= 4;
      expect(proofs?.consistencyProof !== undefined).toBe(isInFirstBuffer);
    }
    await ledger.close();
    ledger = await open();
    const { proofs } = await append([itemOf("g")], roots[4]);
    // The second buffer was published when the ledger was closed.
    expect(proofs?.consistencyProof).toBeUndefined();
  });

  it("publishes an open buffer once, with the clock's time, and an empty one never", async () => {
    await append([itemOf("a")]);
    nowMillis += 1_500;
    expect(await ledger.publish()).toBe(true);
    expect(await ledger.publish()).toBe(false);
    expect(await ledger.root()).toMatchObject({
      size: 1,
      publishedAt: "2026-11-20T10:00:01.500000Z",
    });
    expect(await ledger.root(2)).toBeUndefined();
  });

  it("takes a clock that jumps a day back", async () => {
    await append([itemOf("a"), itemOf("b")]);
    nowMillis -= 86_400_000;
    const { records } = await append([itemOf("c")]);
    expect(records[0]?.envelope).toContain('"received_at":"2026-11-19T10:00:00.000000Z"');
    const { records: found } = await ledger.page([0, 1, 2], true);
    expect(found.map(({ membershipProof }) => membershipProof?.split(",").length)).toEqual([
      2, 2, 1,
    ]);
  });

  it("ends a search that takes too long, and lets nothing else wait behind several", async () => {
    await ledger.close();
    ledger = await open(100);
    await append(megabytes);
    const ended: string[] = [];
    const note = async (what: string, call: Promise<unknown>): Promise<unknown> => {
      const value = await call;
      ended.push(what);
      return value;
    };
    const searches = [1, 2, 3].map(() => note("search", ledger.find(slow)));
    await note("root", ledger.root(1_000));
    expect(await Promise.all(searches)).toEqual([undefined, undefined, undefined]);
    expect(ended.indexOf("root")).toBeLessThan(2);
    expect(await ledger.find(everything)).toHaveLength(200);
  });

  it("rejects the searches that wait when it is closed, and waits for one at most", async () => {
    await ledger.close();
    ledger = await open(100);
    await append(megabytes);
    const searches = Promise.allSettled(Array.from({ length: 10 }, () => ledger.find(slow)));
    await ledger.root();
    await ledger.close();
    const outcomes = (await searches).map(({ status }) => status);
    expect(outcomes.filter((status) => status === "rejected").length).toBeGreaterThan(5);
    ledger = await open();
  });

  it("refuses calls once it is closed", async () => {
    await ledger.close();
    await expect(append([itemOf("late")])).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_UNUSABLE",
    });
    ledger = await open();
  });
});
