import { describe, expect, it } from "vitest";
import { exporterTo, receiverOf } from "./pangea-harness.ts";
import { answer, envelope, type Receiver, type Reply } from "./pangea-receiver.ts";
import { logRecords } from "./pangea-records.ts";

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
async function deliver(...script: Reply[]): Promise<Receiver> {
  const receiver = await receiverOf(...script);
  const exporter = exporterTo(receiver, { findBeforeResend: true });
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
