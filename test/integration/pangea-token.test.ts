import { describe, expect, it } from "vitest";
import type { TokenSource } from "../../src/pangea/token.ts";
import { expectNoToken, exporterTo, receiverOf, token } from "./pangea-harness.ts";
import { answer, envelope } from "./pangea-receiver.ts";
import { logRecords } from "./pangea-records.ts";

describe("the token", () => {
  it("is asked for at each delivery", async () => {
    const receiver = await receiverOf(answer(401, envelope("Unauthorized")));
    const tokens = ["pts_old", "pts_new"];
    const exporter = exporterTo(receiver, { token: async () => tokens.shift() ?? "" });
    const records = logRecords(1);
    expect(await exporter.deliver(records)).toMatchObject({
      cause: { code: "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED" },
    });
    expect(await exporter.deliver(records)).toEqual({ status: "delivered" });
    expect(receiver.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer pts_old",
      "Bearer pts_new",
    ]);
  });

  it.each<[string, TokenSource]>([
    ["empty", ""],
    ["not fit for a header", `${token}\nX-Other: 1`],
    ["a function that throws it", () => Promise.reject(new Error(token))],
    ["a function that never answers", () => new Promise(() => undefined)],
  ])("that is %s keeps the records, sends nothing, and is not told", async (_name, source) => {
    const receiver = await receiverOf();
    const exporter = exporterTo(receiver, { token: source, timeoutMillis: 100 });
    const outcome = await exporter.deliver(logRecords(1));
    expect(outcome).toMatchObject({
      status: "retryable",
      cause: { code: "ERR_AUTHLOG_TOKEN_MISSING" },
    });
    expect(receiver.requests).toHaveLength(0);
    expectNoToken(outcome);
  });

  it("does not show when an exporter is inspected or printed", async () => {
    const receiver = await receiverOf();
    const exporter = exporterTo(receiver);
    await exporter.deliver(logRecords(1));
    expectNoToken(exporter);
    expect(JSON.stringify(exporter)).toBe("{}");
  });
});
