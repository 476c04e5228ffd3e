import { generateKeyPairSync, sign } from "node:crypto";
import type { Audit, AuditService } from "pangea-node-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sdkOf, withoutArchive } from "./sdk-client.ts";
import { type ServedLedger, serveLedger, temporaryFolder } from "./served-ledger.ts";

const folder = temporaryFolder();
let ledger: ServedLedger;
let sdk: ReturnType<typeof sdkOf>;
beforeAll(async () => {
  ledger = await serveLedger(folder.path);
  sdk = sdkOf(ledger);
});
afterAll(async () => {
  await ledger.stop();
  folder[Symbol.dispose]();
});

// The SDK takes a signer and does not export its type.
type Signer = NonNullable<NonNullable<Parameters<AuditService["log"]>[1]>["signer"]>;
type Verified = Audit.LogResponse & Audit.AuditRecord;
const all = { limit: 10_000, max_results: 10_000 };

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe("pangea-node-sdk, unmodified, against the ledger", () => {
  it("verifies the hash, the membership and the consistency of each event that it logs", async () => {
    const verdicts = [];
    for (let count = 0; count < 20; count += 1) {
      const { result } = await sdk.writer.log({ message: `one ${count}` }, { verify: true });
      verdicts.push([result.membership_verification, result.consistency_verification]);
    }
    expect(verdicts[0]).toEqual(["pass", "none"]);
    expect(verdicts.slice(1)).toEqual(times(19, ["pass", "pass"]));
  });

  it("logs in bulk, and gets a hash for each event, in order", async () => {
    const events = Array.from({ length: 250 }, (_, at) => ({ message: `bulk ${at}` }));
    const { result } = await sdk.writer.logBulk(events, { verbose: true });
    expect(result.results.map(({ envelope }) => envelope.event["message"])).toEqual(
      events.map(({ message }) => message),
    );
  });

  it("verifies unpublished records against the open buffer", async () => {
    using _ = withoutArchive();
    const { result } = await sdk.reader.search("one", all, { verifyConsistency: true });
    expect(result.count).toBe(20);
    expect(result.root).toBeUndefined();
    expect(result.unpublished_root?.size).toBe(270);
    for (const record of result.events as Verified[]) {
      expect(record).toMatchObject({ published: false, membership_verification: "pass" });
    }
  });

  it("verifies every record, and the consistency of several published roots", async () => {
    for (let batch = 0; batch < 4; batch += 1) {
      const events = Array.from({ length: 900 }, (_, at) => ({ message: `many ${batch}.${at}` }));
      await sdk.writer.logBulk(events);
    }
    using _ = withoutArchive();
    const { result } = await sdk.reader.search("", all, { verifyConsistency: true });
    expect(result.count).toBe(3_870);
    expect(result.root).toMatchObject({
      size: 3,
      tree_name: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const published = result.events.filter((record) => record.published) as Verified[];
    expect(published).toHaveLength(3_000);
    expect(new Set(published.map(({ leaf_index }) => leaf_index))).toEqual(new Set([0, 1, 2]));
    for (const record of result.events as Verified[]) {
      expect(record.membership_verification).toBe("pass");
      expect(record.consistency_verification).toBe(record.published ? "pass" : "none");
    }
  });

  it("pages through a result, which stays as it was while the ledger grows", async () => {
    const first = await sdk.reader.search("many", { limit: 10, max_results: 30, order: "asc" }, {});
    await sdk.writer.logBulk([{ message: "many more" }]);
    const { id } = first.result;
    const pages = [
      first,
      await sdk.reader.results(id, 10, 10),
      await sdk.reader.results(id, 20, 20),
    ];
    const messages = pages.flatMap(({ result }) =>
      result.events.map((r) => r.envelope.event["message"]),
    );
    expect(messages).toEqual(Array.from({ length: 30 }, (_, at) => `many 0.${at}`));
    expect(pages.map(({ result }) => result.count)).toEqual([30, 30, 30]);
  });

  it("gives each published root by its size, both flat and where the SDK reads it", async () => {
    const { result } = await sdk.reader.root(2);
    const { data, ...flat } = result as Audit.RootResult & { data: unknown };
    expect(flat).toEqual(data);
    expect(flat).toMatchObject({ size: 2, consistency_proof: [expect.stringMatching(/^x:.*,r:/)] });
  });

  it("verifies signatures, and a signed event that was changed fails", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const signer = {
      sign: (text: string) => sign(null, Buffer.from(text), privateKey).toString("base64"),
      getPublicKey: () => publicKey.export({ format: "pem", type: "spki" }),
      getAlgorithm: () => "ED25519",
    } as unknown as Signer;
    const { result } = await sdk.writer.log(
      { message: "signed", actor: "ada", new: { b: 1, a: [2] } },
      { verbose: true, signer, publicKeyInfo: { zone: "eu" } },
    );
    expect(result.signature_verification).toBe("pass");
    // As Pangea echoes it: the members sorted.
    expect(result.envelope.public_key).toMatch(/^\{"algorithm":"ED25519","key":.*"zone":"eu"\}$/);
    const { result: found } = await sdk.reader.search("signed", {}, {});
    const [record] = found.events as Verified[];
    expect(record).toMatchObject({ signature_verification: "pass" });
  });
});
