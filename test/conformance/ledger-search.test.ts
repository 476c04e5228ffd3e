import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServedLedger, serveLedger, temporaryFolder } from "./served-ledger.ts";

const folder = temporaryFolder();
let ledger: ServedLedger;
beforeAll(async () => {
  ledger = await serveLedger(folder.path);
  const events = [
    {
      message: "a",
      actor: "Jane Doe",
      action: "auth.sign_in",
      status: "success",
      target: "cosmos",
    },
    { message: "b", actor: "Jane Roe", action: "auth.sign_out", status: "success", target: "moon" },
    { message: "c", actor: "bob", action: "auth.sign_in", status: "failure:rate_limited" },
    { message: "d viewed x-ray", actor: "anonymous", timestamp: "2026-01-01T12:00:00Z" },
    {
      message: "e",
      actor: "jane",
      source: "http://127.0.0.1",
      timestamp: "2026-02-01T00:00:00+01:00",
    },
    { message: "f AND g", tenant_id: "north" },
  ].map((event) => ({ event }));
  await ledger.post("v2/log", { events });
});
afterAll(async () => {
  await ledger.stop();
  folder[Symbol.dispose]();
});

/** First letters of the messages that a search finds, in its order; oldest first by default. */
async function found(search: object): Promise<string> {
  const { text } = await ledger.post("v1/search", { order: "asc", ...search });
  const { result } = JSON.parse(text) as {
    result: { events: { envelope: { event: { message: string } } }[] };
  };
  return result.events.map(({ envelope }) => envelope.event.message.charAt(0)).join("");
}

describe("the query", () => {
  it.each([
    ["", "abcdef"],
    ["   ", "abcdef"],
    ["Jane", "ab"],
    ["jane", "e"],
    ['actor:"Jane Doe"', "a"],
    ["actor:Jane target:moon", "b"],
    ["actor:ane", "abe"],
    ['"viewed x-ray"', "d"],
    ["x-ray viewed", "d"],
    ["sign_in -status:failure", "a"],
    ["-sign_in", "bdef"],
    ['-"Jane Doe" Jane', "b"],
    ["target:cosmos OR target:moon", "ab"],
    ["Jane AND target:moon OR bob", "bc"],
    ['message:"f AND g"', "f"],
    ['"AND"', "f"],
    ["http://127.0.0.1", "e"],
    ["source:http://127", "e"],
    ["unknown:thing", ""],
    ["timestamp>2026-01-15T00:00:00Z", "e"],
    ['timestamp<"2026-01-15T00:00:00Z"', "d"],
    ["timestamp:<2026-01-31T23:00:01Z timestamp:>2026-01-31T22:59:59Z", "e"],
    ["-timestamp<2099-01-01T00:00:00Z", "abcf"],
    ["received_at>2020-01-01T00:00:00Z bob", "c"],
    ["received_at:20", "abcdef"],
    [String.raw`"\"quoted\""`, ""],
    ["tenant_id:north", "f"],
  ])("%s finds %s", async (query, letters) => {
    expect(await found({ query })).toBe(letters);
  });

  it.each([
    [{ order: "desc" }, "fedcba"],
    [{ max_results: 2 }, "ab"],
    [{ limit: 1 }, "a"],
    [{ order_by: "actor", order: "desc", query: "actor:a" }, "edba"],
    [{ order_by: "timestamp", query: "timestamp:2026", order: "desc" }, "ed"],
    [{ search_restriction: { actor: ["bob", "jane"] } }, "ce"],
    [{ search_restriction: { actor: ["bob"], action: ["auth.sign_out"] } }, ""],
    [{ search_restriction: { actor: [] } }, ""],
    [{ start: "1h" }, "abcdef"],
    [{ end: "1h" }, ""],
    [{ start: "2099-01-01T00:00:00Z" }, ""],
    [{ start: "2020-01-01T00:00:00Z", end: "2099-01-01T00:00:00Z" }, "abcdef"],
  ])("%j finds %s", async (search, letters) => {
    expect(await found(search)).toBe(letters);
  });

  it("of 65 terms is refused, and one of 64 is not", async () => {
    const query = Array.from({ length: 64 }, () => "-zzz").join(" ");
    expect(await found({ query })).toBe("abcdef");
    const { body } = await ledger.post("v1/search", { query: `${query} more` });
    expect(body.result.errors).toMatchObject([{ code: "BadFormat", source: "/query" }]);
  });
});

describe("a result", () => {
  it("without verbose has hashes and no proofs", async () => {
    const { text } = await ledger.post("v1/search", { query: "bob", verbose: false });
    expect(text).toMatch(/"hash":"[0-9a-f]{64}"/);
    expect(text).not.toMatch(/membership_proof|"root"|unpublished_root/);
  });

  it("is given out only under the restriction that it was made with, where that is asserted", async () => {
    const search_restriction = { actor: ["bob", "jane"] };
    const { text } = await ledger.post("v1/search", { search_restriction });
    const { id } = (JSON.parse(text) as { result: { id: string } }).result;
    const asked = async (assert_search_restriction: object): Promise<number> =>
      (await ledger.post("v1/results", { id, assert_search_restriction })).httpStatus;
    expect(await asked({ actor: ["jane", "bob"] })).toBe(200);
    expect(await asked({ actor: ["jane"] })).toBe(400);
    expect(await asked({})).toBe(400);
  });

  it("is forgotten when 64 later searches have taken its place", async () => {
    const { text } = await ledger.post("v1/search", {});
    const { id, expires_at } = (JSON.parse(text) as { result: { id: string; expires_at: string } })
      .result;
    expect(id).toMatch(/^pit_[a-z2-7]{32}$/);
    expect(Date.parse(expires_at)).toBeGreaterThan(Date.now());
    await Promise.all(Array.from({ length: 64 }, () => ledger.post("v1/search", { limit: 1 })));
    const { body } = await ledger.post("v1/results", { id });
    expect(body.result.errors).toMatchObject([{ code: "DoesNotExist", source: "/id" }]);
  });
});
