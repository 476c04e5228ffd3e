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

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe.skipIf(!hasGo)("Pangea's Go SDK (where there is Go), unmodified, against a ledger", () => {
  const folder = temporaryFolder();
  let verify: Verifier;
  let ledger: RunningLedger;
  beforeAll(async () => {
    ledger = await fillLedger(folder.path);
    verify = await goVerifier(folder.path);
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
      times(12, ["Success", "Success"]),
    );
    expect(records.map(({ signature }) => signature).toReversed()).toEqual([
      ...times(6, "Success"),
      ...times(6, "NotVerified"),
    ]);
  });

  it("verifies that each published root continues the one before it", async () => {
    const { records } = await search("");
    const consistency = records.map((record) => record.consistency).toReversed();
    // Nothing comes before the first buffer of four, and the last two events are not published.
    expect(consistency).toEqual([
      ...times(4, "NotVerified"),
      ...times(16, "Success"),
      ...times(2, "NotVerified"),
    ]);
  });

  it("fails, by a fault of its own, on < > & and U+2028 and U+2029, which it hashes as escapes", async () => {
    const { error, records } = await search("bob");
    expect(error).toMatch(/^audit: cannot verify hash of record\./);
    expect(records.map(({ message }) => message).toReversed()).toEqual([
      ...escapedByGo,
      ...escapedByGo,
    ]);
    const failed = { hash: "Failed", unescaped: true, membership: "Success" };
    expect(records.toReversed()).toMatchObject([
      ...times(5, { ...failed, signature: "Failed" }),
      ...times(5, { ...failed, signature: "NotVerified" }),
    ]);
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
