import { beforeAll, describe, expect, it } from "vitest";
import { loadBulkCall } from "../../src/pangea/request.ts";
import { expectNoToken, exporterTo, receiverOf, token } from "./pangea-harness.ts";
import { answer, envelope, type Receiver, type Reply } from "./pangea-receiver.ts";
import { logRecords } from "./pangea-records.ts";

const id = "prq_0123456789abcdefghijklmnopqrstuv";
const accepted = answer(
  202,
  envelope("Accepted", { ttl_mins: 5, location: "https://elsewhere.invalid/request/x" }),
);
const taken = answer(200, envelope("Success", { results: [{ hash: "aa" }, { hash: "bb" }] }));
const nothing: Reply = (_request, _response, socket) => void socket.resetAndDestroy();

const calls = ({ requests }: Receiver): string[] =>
  requests.map(({ method, path }) => `${method} ${path}`);

beforeAll(async () => {
  await loadBulkCall();
});

describe("a request that is only accepted (202)", () => {
  it("is asked about at its own place, on the same host and with the token, until it is done", async () => {
    const receiver = await receiverOf(accepted, accepted, taken);
    expect(await exporterTo(receiver).deliver(logRecords(2))).toEqual({ status: "delivered" });
    expect(calls(receiver)).toEqual(["POST /v2/log", `GET /request/${id}`, `GET /request/${id}`]);
    expect(receiver.requests.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
  });

  it.each<[string, Reply]>([
    ["the id is not known everywhere yet", answer(404, envelope("NotFound"))],
    ["a proxy fails", answer(502, "<h1>Bad gateway</h1>")],
    ["the limit is reached", answer(429, envelope("TooManyRequests"))],
    ["the connection breaks", nothing],
  ])("is not sent again because %s", async (_name, reply) => {
    const receiver = await receiverOf(accepted, reply, taken);
    expect(await exporterTo(receiver).deliver(logRecords(2))).toEqual({ status: "delivered" });
    expect(calls(receiver).filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  it("that is refused in the end refuses the event that the answer points at", async () => {
    const errors = [{ code: "TooLong", detail: "", source: "/events/1/event/message" }];
    const refused = answer(400, envelope("ValidationError", { errors }));
    const receiver = await receiverOf(accepted, refused);
    expect(await exporterTo(receiver).deliver(logRecords(2))).toMatchObject({
      status: "rejected",
      records: [{ index: 1 }],
    });
  });

  it("whose token is refused in the end says so", async () => {
    const receiver = await receiverOf(accepted, answer(401, envelope("Unauthorized")));
    expect(await exporterTo(receiver).deliver(logRecords(2))).toMatchObject({
      status: "retryable",
      cause: { code: "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED" },
    });
  });

  it("and is never done is retryable at the deadline, and says that it may have been taken", async () => {
    const receiver = await receiverOf(...Array.from({ length: 20 }, () => accepted));
    const outcome = await exporterTo(receiver, { timeoutMillis: 400 }).deliver(logRecords(2));
    expect(outcome).toMatchObject({
      status: "retryable",
      cause: { code: "ERR_AUTHLOG_DELIVERY_RETRYABLE", why: expect.stringContaining("HTTP 202") },
    });
    expect(calls(receiver).length).toBeGreaterThan(1);
    expectNoToken(outcome);
  });

  it("with an id that is none is not asked about: it could lead elsewhere", async () => {
    const body = JSON.stringify({ request_id: "../../v1/root?x=", status: "Accepted", result: {} });
    const receiver = await receiverOf(answer(202, body));
    expect(await exporterTo(receiver).deliver(logRecords(2))).toMatchObject({
      status: "retryable",
    });
    expect(calls(receiver)).toEqual(["POST /v2/log"]);
  });
});
