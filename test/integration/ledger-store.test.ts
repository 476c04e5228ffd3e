import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AppendItem } from "../../src/ledger/envelope.ts";
import { type Ledger, openLedger } from "../../src/ledger/ledger.ts";
import type { AppendResult } from "../../src/ledger/records.ts";

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

function open(): Promise<Ledger> {
  return openLedger({
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

function append(items: AppendItem[], prevRoot?: string): Promise<AppendResult> {
  const proofs = prevRoot === undefined ? {} : { prevRoot };
  return ledger.append({ items, receivedAtMicros: nowMillis * 1_000, proofs });
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

  it("refuses calls once it is closed", async () => {
    await ledger.close();
    await expect(append([itemOf("late")])).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_UNUSABLE",
    });
    ledger = await open();
  });
});
