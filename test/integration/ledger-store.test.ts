import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AppendItem } from "../../src/ledger/envelope.ts";
import { type Ledger, openLedger } from "../../src/ledger/ledger.ts";
import type { AppendResult } from "../../src/ledger/records.ts";
import type { Search } from "../../src/ledger/search/sql.ts";
import { openForWriting } from "../../src/ledger/store/database.ts";
import { sha256 } from "../../src/ledger/store/sha256.ts";
import { openTrees } from "../../src/ledger/store/trees.ts";
import { parseMicros } from "../../src/time.ts";

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

function receivedAt(envelope = "{}"): string | undefined {
  return (JSON.parse(envelope) as { received_at?: string }).received_at;
}

/** Makes a ledger of these envelopes, as any version with its tables wrote them. */
function writeRows(envelopes: readonly string[]): void {
  const db = openForWriting(join(folder, "ledger.db"));
  const trees = openTrees(db);
  const insert = db.prepare(
    `INSERT INTO event (id, hash, envelope, received_us, timestamp_us, conflict)
     VALUES (?, ?, ?, ?, ?, 0)`,
  );
  for (const [id, envelope] of envelopes.entries()) {
    const micros = parseMicros(receivedAt(envelope) ?? "") ?? null;
    insert.run(id, sha256(envelope), envelope, micros, nowMillis * 1_000);
    trees.appendEvent(0, 0, id, sha256(envelope));
  }
  db.close();
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
    expect(records[0]?.envelope).toContain('"received_at":"2026-11-20T10:00:00.000002Z"');
    const { records: found } = await ledger.page([0, 1, 2], true);
    expect(found.map(({ membershipProof }) => membershipProof?.split(",").length)).toEqual([
      2, 2, 1,
    ]);
    await ledger.publish();
    expect((await ledger.root())?.publishedAt).toBe("2026-11-20T10:00:00.000002Z");
  });

  it("gives no two events one time of receipt, whatever the clock and the process do", async () => {
    const times: (string | undefined)[] = [];
    const note = ({ records }: AppendResult): void => {
      for (const { envelope } of records) times.push(receivedAt(envelope));
    };
    note(await append(["a", "b", "c", "d", "e", "f"].map((message) => itemOf(message))));
    const together = [append([itemOf("g"), itemOf("h")]), append([itemOf("i"), itemOf("j")])];
    for (const result of await Promise.all(together)) note(result);
    await ledger.close();
    nowMillis -= 3_600_000;
    ledger = await open();
    note(await append([itemOf("k"), itemOf("l")]));
    expect(times).toEqual(
      Array.from({ length: 12 }, (_, at) => `2026-11-20T10:00:00.${String(at).padStart(6, "0")}Z`),
    );
    nowMillis += 7_200_000;
    const { records } = await append([itemOf("m")]);
    expect(receivedAt(records[0]?.envelope)).toBe("2026-11-20T11:00:00.000000Z");
    expect(records[0]?.receivedAtMicros).toBe(nowMillis * 1_000);
  });

  it("reads an older ledger, whose events share times, and goes on behind the latest", async () => {
    await ledger.close();
    rmSync(join(folder, "ledger.db"));
    const times = ["20T12:00:00.000500", "20T12:00:00.000500", "20T08:00:00.000000"];
    const envelopes = times.map((time) => {
      const event = { message: "old", timestamp: "2026-11-20T10:00:00.000Z" };
      return JSON.stringify({ event, received_at: `2026-11-${time}Z` });
    });
    writeRows(envelopes);
    ledger = await open();
    const { records } = await append([itemOf("new")]);
    expect(receivedAt(records[0]?.envelope)).toBe("2026-11-20T12:00:00.000501Z");
    expect(await ledger.find(everything)).toEqual([2, 0, 1, 3]);
    const page = await ledger.page([0, 1, 2, 3], true);
    expect(page.records.slice(0, 3).map(({ envelope }) => envelope)).toEqual(envelopes);
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
