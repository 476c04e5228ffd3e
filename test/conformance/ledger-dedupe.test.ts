import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sdkOf } from "./sdk-client.ts";
import { type Answer, type ServedLedger, serveLedger, temporaryFolder } from "./served-ledger.ts";

const folder = temporaryFolder();
let ledger: ServedLedger;
beforeAll(async () => {
  ledger = await serveLedger(folder.path);
});
afterAll(async () => {
  await ledger.stop();
  folder[Symbol.dispose]();
});

const eventOf = (uid: string, message: string): object => ({
  event: { message, new: JSON.stringify({ "log.record.uid": uid }) },
});
const log = (...events: object[]): Promise<Answer> =>
  ledger.post("v2/log", { verbose: true, events });
const countOf = async (query: string): Promise<number | undefined> =>
  (await ledger.post("v1/search", { query })).body.result.count;

describe("one uid", () => {
  it("with the same content is answered with the first answer, and stands once", async () => {
    const first = await log(eventOf("same", "first"));
    const again = await log(eventOf("same", "first"));
    expect(again.body.result).toEqual(first.body.result);
    expect(again.body.summary).toBe(
      "Logged 0 record(s); 1 duplicate(s) answered with the first answer",
    );
    expect(await countOf("new:same")).toBe(1);
  });

  it("is known again inside one batch, and across requests that wait together", async () => {
    const { body } = await log(eventOf("twice", "m"), eventOf("other", "m"), eventOf("twice", "m"));
    const hashes = body.result.results?.map(({ hash }) => hash) ?? [];
    expect(hashes[0]).toBe(hashes[2]);
    await Promise.all(Array.from({ length: 20 }, () => log(eventOf("twice", "m"))));
    expect(await countOf("new:twice")).toBe(1);
  });

  it("with other content is appended, flagged, and never suppressed", async () => {
    await log(eventOf("reused", "the truth"));
    const other = await log(eventOf("reused", "another truth"));
    expect(other.body.summary).toBe("Logged 1 record(s); 1 conflict(s): same uid, other content");
    expect(await countOf("new:reused")).toBe(2);
    // Both are known from now on, each with its own first answer.
    const again = await log(eventOf("reused", "another truth"), eventOf("reused", "the truth"));
    expect(again.body.summary).toMatch(/^Logged 0 record\(s\); 2 duplicate/);
    expect(again.body.result.results?.[0]).toEqual(other.body.result.results?.[0]);
  });

  it("with another signature is other content", async () => {
    await log(eventOf("signed", "m"));
    const { body } = await log({ ...eventOf("signed", "m"), signature: "c2lnbmVk" });
    expect(body.summary).toMatch(/1 conflict/);
  });

  it("is answered again by v1/log as well, with no proof of a place that is not in the open buffer", async () => {
    const single = { ...eventOf("single", "m"), verbose: true };
    const first = await ledger.post("v1/log", single);
    const again = await ledger.post("v1/log", single);
    expect(again.body.result).toMatchObject({
      hash: (first.body.result as { hash?: string }).hash,
      membership_proof: expect.any(String),
    });
    await log(...Array.from({ length: 1_000 }, (_, at) => ({ event: { message: `fill ${at}` } })));
    const published = await ledger.post("v1/log", single);
    expect(published.body.result).not.toHaveProperty("membership_proof");
    expect(published.body.summary).toMatch(/1 duplicate/);
  });

  it("that stood there with other content shows in a search, through the SDK as well", async () => {
    await log(eventOf("shown", "the truth"));
    await log(eventOf("shown", "another truth"));
    const { result } = await sdkOf(ledger).reader.search("new:shown", { order: "asc" }, {});
    expect(result.events.map((record) => Reflect.get(record, "conflict"))).toEqual([
      undefined,
      true,
    ]);
  });

  it("is no uid when it is empty, no string, not well-formed, or not where it belongs", async () => {
    const surrogates = [0, 1].map((digit) => `{"log.record.uid":"\\ud80${digit}"}`);
    const details = [
      ...surrogates,
      '{"log.record.uid":""}',
      '{"log.record.uid":7}',
      "log.record.uid",
      "[]",
      "{",
    ];
    for (const text of details) {
      const event = { message: "no uid", new: text };
      const answer = await log({ event }, { event });
      expect(answer.body.summary).toBe("Logged 2 record(s)");
    }
  });
});
