import { describe, expect, it } from "vitest";
import { standardSchema } from "../../src/audit-schema/standard.ts";
import { watchSlot } from "../support/slot.ts";
import { exporterTo, receiverOf, token } from "./pangea-harness.ts";
import { answer, envelope, type Receiver, type Reply, success } from "./pangea-receiver.ts";
import { logRecord, logRecords } from "./pangea-records.ts";

const watched = watchSlot();

const records = logRecords(3);
const pathsOf = ({ requests }: Receiver): string[] => requests.map(({ path }) => path);
const queryOf = ({ requests }: Receiver, n: number): unknown => requests[n]?.body["query"];

/** Answers a search with some of the records, and says that it found so many. */
async function foundOf(): Promise<(count: number, ...places: number[]) => Reply> {
  const receiver = await receiverOf();
  await exporterTo(receiver).deliver(records);
  const events = receiver.requests[0]?.events ?? [];
  return (count, ...places) => {
    const found = places.map((place) => ({ envelope: { event: events[place] }, hash: "aa" }));
    return answer(200, envelope("Success", { id: "pit_1", count, events: found }));
  };
}

/** Delivers the records, all of which may be there. */
const deliver = (...script: Reply[]): Promise<Receiver> => deliverBy({}, ...script);

async function deliverBy(
  options: Parameters<typeof exporterTo>[1],
  ...script: Reply[]
): Promise<Receiver> {
  const receiver = await receiverOf(...script);
  const exporter = exporterTo(receiver, { findBeforeResend: true, ...options });
  expect(await exporter.deliver(records, undefined, new Set(records))).toEqual({
    status: "delivered",
  });
  return receiver;
}

describe("a look-up whose answer does not hold all that was found", () => {
  it("goes on with those that were not in it, until they are found or known not to be there", async () => {
    const found = await foundOf();
    const receiver = await deliver(found(3, 0), found(1, 1));
    expect(pathsOf(receiver)).toEqual(["/v1/search", "/v1/search", "/v2/log"]);
    expect(queryOf(receiver, 1)).not.toContain("uid-0");
    expect(receiver.requests.at(-1)?.events).toMatchObject([{ actor: "user-2" }]);
  });

  it("asks for fewer where none of them was in it, and ends with one", async () => {
    const found = await foundOf();
    const receiver = await deliver(...Array.from({ length: 5 }, () => found(60)));
    const asked = receiver.requests
      .slice(0, -1)
      .map((_, n) => String(queryOf(receiver, n)).split(" OR ").length);
    expect(asked).toEqual([3, 2, 1, 1, 1]);
    expect(receiver.requests.at(-1)?.events).toHaveLength(3);
  });
});

it("a record that a batch has twice is looked up and sent once, though one copy alone may be there", async () => {
  const nothing = answer(200, envelope("Success", { id: "pit_1", count: 0, events: [] }));
  const receiver = await receiverOf(nothing);
  const exporter = exporterTo(receiver, { findBeforeResend: true });
  const copies = [logRecord(0), logRecord(0)];
  const outcome = await exporter.deliver(copies, undefined, new Set(copies.slice(1)));
  expect(outcome).toEqual({ status: "delivered" });
  expect(pathsOf(receiver)).toEqual(["/v1/search", "/v2/log"]);
  expect(receiver.requests[1]?.events).toHaveLength(1);
});

describe("a look-up that is only accepted (202)", () => {
  const accepted = answer(202, envelope("Accepted", { ttl_mins: 5 }));
  const neverFinds: Reply = (request, ...exchange) =>
    (request.path === "/v2/log" ? success : accepted)(request, ...exchange);

  it("is asked about at its own place, with the token, until its answer is there", async () => {
    const found = await foundOf();
    const receiver = await deliver(accepted, accepted, found(1, 1));
    const question = "/request/prq_0123456789abcdefghijklmnopqrstuv";
    expect(pathsOf(receiver)).toEqual(["/v1/search", question, question, "/v2/log"]);
    expect(receiver.requests[1]).toMatchObject({
      method: "GET",
      headers: { authorization: `Bearer ${token}` },
    });
    expect(receiver.requests.at(-1)?.events).toMatchObject([
      { actor: "user-0" },
      { actor: "user-2" },
    ]);
    expect(watched.diagnostics).toEqual([]);
  });

  it("and fails in the end, or has no id to ask by, counts as failed", async () => {
    await deliver(accepted, answer(400, envelope("ValidationError")));
    const receiver = await deliver(answer(202, '{"status":"Accepted","result":{}}'));
    expect(pathsOf(receiver)).toEqual(["/v1/search", "/v2/log"]);
    expect(watched.diagnostics).toMatchObject([{ why: expect.stringContaining("HTTP 400") }]);
  });

  it("and has no answer within its share of the time leaves the rest for sending", async () => {
    const script = Array.from({ length: 20 }, () => neverFinds);
    const receiver = await deliverBy({ timeoutMillis: 2_000 }, ...script);
    expect(receiver.requests.at(-1)?.events).toHaveLength(3);
    expect(watched.diagnostics).toMatchObject([{ code: "ERR_AUTHLOG_LOOKUP_FAILED" }]);
  });
});

it("a schema whose field for the id holds no JSON: the events are sent, and nothing is looked up", async () => {
  const schema = { ...standardSchema, uidPath: ["message", "uid"] };
  const receiver = await deliverBy({ schema });
  expect(pathsOf(receiver)).toEqual(["/v2/log"]);
});
