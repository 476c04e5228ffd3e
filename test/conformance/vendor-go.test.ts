import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import { escapedByGo, fillLedger, writeSigningKey } from "./filled-ledger.ts";
import { temporaryFolder } from "./served-ledger.ts";
import { goVerifier, hasGo, type Verifier } from "./vendor-sdks.ts";

/** Verdicts of the SDK on one record, in its own words. */
interface Verdicts {
  readonly message: string;
  readonly published: boolean;
  readonly hash: string;
  readonly unescaped: boolean;
  readonly signature: string;
  readonly membership: string;
  readonly consistency: string;
}

interface Output {
  readonly error: string;
  readonly records: readonly Verdicts[];
}

describe.skipIf(!hasGo)("Pangea's Go SDK (where there is Go), unmodified, against a ledger", () => {
  const folder = temporaryFolder();
  let verify: Verifier;
  let ledger: RunningLedger;
  beforeAll(async () => {
    verify = await goVerifier(folder.path);
    ledger = await fillLedger(folder.path);
  }, 300_000);
  afterAll(async () => {
    await ledger.close();
    folder[Symbol.dispose]();
  });

  const search = (query: string): Promise<Output> => verify(ledger, "search", query);

  it("verifies each event of the exporter's, signed or not, at any fraction of a second", async () => {
    const { error, records } = await search("-bob");
    expect(error).toBe("");
    expect(records.map(({ hash, membership }) => [hash, membership])).toEqual(
      Array.from({ length: 12 }, () => ["Success", "Success"]),
    );
    expect(Object.groupBy(records, ({ signature }) => signature)).toEqual({
      Success: Array.from({ length: 6 }, () => expect.anything()),
      NotVerified: Array.from({ length: 6 }, () => expect.anything()),
    });
  });

  it("verifies that each published root continues the one before it", async () => {
    const { records } = await search("");
    const consistency = records.map((record) => record.consistency).toReversed();
    // Nothing comes before the first buffer of four, and the last two events are not published.
    expect(consistency).toEqual([
      ...Array.from({ length: 4 }, () => "NotVerified"),
      ...Array.from({ length: 16 }, () => "Success"),
      ...Array.from({ length: 2 }, () => "NotVerified"),
    ]);
  });

  it("fails, by a fault of its own, on < > & and U+2028 and U+2029, which it hashes as escapes", async () => {
    const { error, records } = await search("bob");
    expect(error).toMatch(/^audit: cannot verify hash of record\./);
    expect(records.map(({ message }) => message).toReversed()).toEqual([
      ...escapedByGo,
      ...escapedByGo,
    ]);
    for (const record of records) {
      expect(record).toMatchObject({ hash: "Failed", unescaped: true, membership: "Success" });
      expect(record.signature).toMatch(/^(Failed|NotVerified)$/);
    }
    expect(records.filter(({ signature }) => signature === "Failed")).toHaveLength(5);
  });

  it("fails, by a fault of its own, on the empty proof of a tree of one event", async () => {
    const empty = await startLedger({ path: join(folder.path, "empty.db"), port: 0 });
    onTestFinished(empty.close);
    const keyFile = await writeSigningKey(folder.path);
    const { records } = await verify<Output>(empty, "log", keyFile, "3");
    const passed = { hash: "Success", signature: "Success" };
    expect(records).toMatchObject([
      { ...passed, membership: "Failed", consistency: "NotVerified" },
      { ...passed, membership: "Success", consistency: "Success" },
      { ...passed, membership: "Success", consistency: "Success" },
    ]);
  });
});
