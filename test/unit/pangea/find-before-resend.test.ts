import { describe, expect, it } from "vitest";
import { AuthlogError, type AuthlogErrorCode } from "../../../src/errors.ts";
import { findBeforeResend } from "../../../src/pangea/find-before-resend.ts";
import type { Finding } from "../../../src/pangea/lookup.ts";
import type { DeliveryOutcome, ReadableLogRecord } from "../../../src/telemetry/exporter.ts";
import { numberedRecord } from "../../support/journal.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

const causeOf = (code: AuthlogErrorCode): AuthlogError =>
  new AuthlogError(code, { message: "m", why: "w", fix: "f" });
const clear: DeliveryOutcome = {
  status: "retryable",
  cause: causeOf("ERR_AUTHLOG_DELIVERY_RETRYABLE"),
};
const unclear: DeliveryOutcome = { ...clear, unclear: true };
const delivered: DeliveryOutcome = { status: "delivered" };

const batch = [numberedRecord(1), numberedRecord(2)];

/** What a look-up says, in places of the batch. */
interface Answer {
  found?: number[];
  missing?: number[];
  cause?: AuthlogError;
}

const placesOf = (records: readonly ReadableLogRecord[]): number[] =>
  records.map((record) => batch.indexOf(record));
const recordsOf = (places: readonly number[] = []): ReadonlySet<ReadableLogRecord> =>
  new Set(places.flatMap((place) => batch[place] ?? []));

/** Delivers the batch once for each outcome; says which of it each look-up, and each attempt, had. */
async function attempts(
  outcomes: readonly DeliveryOutcome[],
  { answers = [], died = [] }: { answers?: Answer[]; died?: number[] } = {},
): Promise<{ lookedUp: number[][]; sent: number[][]; last: DeliveryOutcome | undefined }> {
  const lookedUp: number[][] = [];
  const sent: number[][] = [];
  const deliver = findBeforeResend(
    async (records) => outcomes[sent.push(placesOf(records)) - 1] ?? delivered,
    async (records): Promise<Finding> => {
      const { found, missing, cause } = answers[lookedUp.push(placesOf(records)) - 1] ?? {};
      return { found: recordsOf(found), missing: recordsOf(missing), ...(cause && { cause }) };
    },
    1_000,
  );
  let last: DeliveryOutcome | undefined;
  for (const _ of outcomes) last = await deliver(batch, undefined, recordsOf(died));
  return { lookedUp, sent, last };
}

describe("a record that may be there already", () => {
  it("is looked up until that works, whatever fails in between", async () => {
    const cause = causeOf("ERR_AUTHLOG_LOOKUP_FAILED");
    const answers = [{ cause }, { cause, found: [0] }, { found: [1] }];
    const { lookedUp, sent } = await attempts([unclear, clear, clear, delivered], { answers });
    expect(lookedUp).toEqual([[0, 1], [0, 1], [1]]);
    expect(sent).toEqual([[0, 1], [0, 1], [1]]);
    expect(watched.diagnostics).toMatchObject([{ code: "ERR_AUTHLOG_LOOKUP_FAILED" }]);
  });

  it("is so no longer once it was looked up in vain, and then failed clearly", async () => {
    const answers = [{ missing: [0, 1] }];
    const { lookedUp } = await attempts([unclear, clear, delivered], { answers });
    expect(lookedUp).toEqual([[0, 1]]);
  });

  it("is so again where what was sent after a look-up has no clear answer either", async () => {
    const answers = [{ missing: [0, 1] }];
    const { lookedUp } = await attempts([unclear, unclear, delivered], { answers });
    expect(lookedUp).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it("stays so where the look-up did not ask for it", async () => {
    const answers = [{ missing: [1] }];
    const { lookedUp } = await attempts([unclear, clear, delivered], { answers });
    expect(lookedUp).toEqual([[0, 1], [0]]);
  });

  it("is none that only failed clearly, nor one that was refused or taken", async () => {
    const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED");
    const inPart: DeliveryOutcome = { ...unclear, settled: [{ index: 0, cause }] } as const;
    expect((await attempts([clear, inPart, delivered])).lookedUp).toEqual([[1]]);
    const taken: DeliveryOutcome = { ...unclear, settled: [{ index: 0 }] } as const;
    expect((await attempts([unclear, taken, delivered])).lookedUp).toEqual([[0, 1], [1]]);
  });

  it("stays so where it is refused, and was not looked up", async () => {
    const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED");
    const rejected: DeliveryOutcome = { status: "rejected", records: [{ index: 0, cause }] };
    expect((await attempts([unclear, rejected, delivered])).lookedUp).toEqual([[0, 1], [0]]);
    const inPart: DeliveryOutcome = { ...unclear, settled: [{ index: 0, cause }] } as const;
    expect((await attempts([unclear, inPart, delivered])).lookedUp).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it("is so no longer once it was looked up in vain, and then refused for good", async () => {
    const cause = causeOf("ERR_AUTHLOG_DELIVERY_REJECTED");
    const rejected: DeliveryOutcome = { status: "rejected", records: [{ index: 0, cause }] };
    const answers = [{ missing: [0, 1] }];
    const { lookedUp } = await attempts([unclear, rejected, delivered], { answers });
    expect(lookedUp).toEqual([[0, 1]]);
  });

  it("is settled in its place of the batch once it is found", async () => {
    const answers = [{ found: [0], missing: [1] }];
    const { last } = await attempts([clear], { answers, died: [0] });
    expect(last).toMatchObject({ settled: [{ index: 0 }] });
  });
});
