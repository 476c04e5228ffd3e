import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sdkOf, withoutArchive } from "./sdk-client.ts";
import { serveLedger, temporaryFolder } from "./served-ledger.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  folder[Symbol.dispose]();
});

/** Appends batches from several senders at once until the server is gone; gives what was answered. */
async function appendUntilKilled(round: number, killAfter: number): Promise<Map<string, string>> {
  const ledger = await serveLedger(folder.path);
  const acknowledged = new Map<string, string>();
  let answers = 0;
  const sender = async (name: string): Promise<void> => {
    for (let batch = 0; ; batch += 1) {
      const uids = Array.from({ length: 40 }, (_, at) => `${round}.${name}.${batch}.${at}`);
      const events = uids.map((uid) => ({
        event: { message: "crash", new: JSON.stringify({ "log.record.uid": uid }) },
      }));
      const { body } = await ledger.post("v2/log", { events });
      for (const [at, uid] of uids.entries())
        acknowledged.set(uid, body.result.results?.[at]?.hash ?? "");
      answers += 1;
      if (answers === killAfter) ledger.process.kill("SIGKILL");
    }
  };
  const senders = ["a", "b", "c"].map((name) => sender(name));
  const outcomes = await Promise.allSettled(senders);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  await ledger.kill();
  return acknowledged;
}

describe("a ledger that is killed in the middle of appends", () => {
  it(
    "has everything that it answered for, once, and all of it verifies",
    { timeout: 60_000 },
    async () => {
      const acknowledged = new Map<string, string>();
      for (const [round, killAfter] of [7, 1, 40].entries()) {
        for (const [uid, hash] of await appendUntilKilled(round, killAfter))
          acknowledged.set(uid, hash);
      }
      const ledger = await serveLedger(folder.path);
      using _ = withoutArchive();
      const all = { limit: 10_000, max_results: 10_000 };
      const { result } = await sdkOf(ledger).reader.search("crash", all, {
        verifyConsistency: true,
      });
      const found = new Map<string, string>();
      for (const record of result.events) {
        const details = record.envelope.event["new"] as Record<string, string>;
        const uid = details["log.record.uid"] ?? "";
        expect(found.has(uid)).toBe(false);
        found.set(uid, record.hash);
        expect(record).toMatchObject({ membership_verification: "pass" });
        expect((record as { consistency_verification?: string }).consistency_verification).not.toBe(
          "fail",
        );
      }
      expect(acknowledged.size).toBeGreaterThan(1_500);
      for (const [uid, hash] of acknowledged) expect(found.get(uid)).toBe(hash);
      await ledger.stop();
    },
  );

  it("answers a batch that is sent again as it did before it was killed", async () => {
    const body = {
      verbose: true,
      events: [1, 2].map((uid) => ({
        event: { message: "again", new: JSON.stringify({ "log.record.uid": `uid-${uid}` }) },
      })),
    };
    const first = await serveLedger(folder.path);
    const before = await first.post("v2/log", body);
    await first.kill();
    const second = await serveLedger(folder.path);
    const after = await second.post("v2/log", body);
    expect(after.body.result).toEqual(before.body.result);
    expect(after.body.summary).toMatch(/2 duplicate/);
    expect((await second.post("v1/search", { query: "again" })).body.result.count).toBe(2);
    await second.stop();
  });
});
