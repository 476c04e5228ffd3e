import { describe, expect, it } from "vitest";
import { standardSchema } from "../../../src/audit-schema/standard.ts";
import { AuthlogError } from "../../../src/errors.ts";
import { deliverCopiesOnce } from "../../../src/pangea/deliver-copies-once.ts";
import type { DeliveryOutcome, ReadableLogRecord } from "../../../src/telemetry/exporter.ts";
import { numberedRecord } from "../../support/journal.ts";

const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", { message: "", why: "", fix: "" });
const delivered: DeliveryOutcome = { status: "delivered" };
const failed: DeliveryOutcome = { status: "retryable", cause };

// 0 and 2 are copies of one record, and so are 1 and 4; 3 has the id of 1, and another content.
const batch = [1, 2, 1, 2, 2].map((n) => numberedRecord(n));
batch[3] = { ...numberedRecord(2), body: "another" };

const placesOf = (records: Iterable<ReadableLogRecord>): number[] =>
  Array.from(records, (record) => batch.indexOf(record));
const recordsOf = (places: readonly number[]): ReadableLogRecord[] =>
  places.flatMap((place) => batch[place] ?? []);

/** A delivery that ends as is told, and what it was given: sent, and in doubt. */
function scripted(...outcomes: DeliveryOutcome[]): {
  deliver: (places: number[], doubtful?: number[]) => Promise<DeliveryOutcome>;
  given: [sent: number[], doubtful: number[]][];
} {
  const given: [number[], number[]][] = [];
  const once = deliverCopiesOnce(
    async (records, _signal, doubt = new Set()) => {
      given.push([placesOf(records), placesOf(doubt)]);
      return outcomes[given.length - 1] ?? delivered;
    },
    { schema: standardSchema, tenantId: undefined },
  );
  return {
    deliver: (places, doubtful = []) =>
      once(recordsOf(places), undefined, new Set(recordsOf(doubtful))),
    given,
  };
}

describe("a record that a batch has several times", () => {
  it("is sent once, and another content under its id too", async () => {
    const { deliver, given } = scripted();
    expect(await deliver([0, 1, 2, 3, 4])).toEqual(delivered);
    expect(given).toEqual([[[0, 1, 3], []]]);
  });

  it("is refused in each of its places", async () => {
    const { deliver } = scripted({
      status: "rejected",
      records: [
        { index: 0, cause },
        { index: 2, cause },
      ],
    });
    expect(await deliver([0, 1, 2, 3, 4])).toEqual({
      status: "rejected",
      records: [0, 2, 3].map((index) => ({ index, cause })),
    });
  });

  it("is settled in each of its places, also where the others are to be sent again", async () => {
    const { deliver } = scripted({ ...failed, settled: [{ index: 0, cause }, { index: 1 }] });
    expect(await deliver([0, 1, 2, 3, 4])).toEqual({
      ...failed,
      settled: [{ index: 0, cause }, { index: 1 }, { index: 2, cause }, { index: 4 }],
    });
  });

  it("may be there where any of its copies may", async () => {
    const { deliver, given } = scripted();
    await deliver([0, 1, 2, 3, 4], [2, 3]);
    expect(given).toEqual([
      [
        [0, 1, 3],
        [0, 3],
      ],
    ]);
  });

  it("may be there when it comes back without its copy", async () => {
    const { deliver, given } = scripted(failed);
    await deliver([0, 2, 3]);
    await deliver([0]);
    await deliver([2, 3]);
    expect(given.slice(1)).toEqual([
      [[0], [0]],
      [[2, 3], [2]],
    ]);
  });
});

it("records without an id, and those of which there is no event, are sent each", async () => {
  const anonymous = { ...numberedRecord(1), attributes: {} };
  const broken = {
    ...numberedRecord(1),
    get attributes(): never {
      throw new Error("gone");
    },
  };
  const all = [anonymous, { ...anonymous }, broken, broken];
  let sent = 0;
  const once = deliverCopiesOnce(
    async (records) => {
      sent += records.length;
      return delivered;
    },
    { schema: standardSchema, tenantId: undefined },
  );
  await once(all);
  expect(sent).toBe(4);
});
