import { beforeAll, describe, expect, it } from "vitest";
import { loadBulkCall } from "../../src/pangea/request.ts";
import { expectNoToken, exporterTo, receiverOf, token } from "./pangea-harness.ts";
import { answer, envelope, type Receiver, type Reply, success } from "./pangea-receiver.ts";
import { logRecord, logRecords } from "./pangea-records.ts";

const id = "prq_0123456789abcdefghijklmnopqrstuv";
const accepted = answer(
  202,
  envelope("Accepted", { ttl_mins: 5, location: "https://elsewhere.invalid/request/x" }),
);
const taken = answer(200, envelope("Success", { results: [{ hash: "aa" }, { hash: "bb" }] }));
const notFound = answer(404, envelope("NotFound"));
/** An answer of a service that asks to be left alone for a minute. */
const busy = (status: number): Reply =>
  answer(status, envelope("Accepted", { ttl_mins: 5 }), { "retry-after": "60" });
const nothing: Reply = (_request, _response, socket) => void socket.resetAndDestroy();

const calls = ({ requests }: Receiver): string[] =>
  requests.map(({ method, path }) => `${method} ${path}`);

const posts = (receiver: Receiver): number =>
  calls(receiver).filter((call) => call.startsWith("POST")).length;

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
    ["the id is not known everywhere yet", notFound],
    ["a proxy fails", answer(502, "<h1>Bad gateway</h1>")],
    ["the limit is reached", answer(429, envelope("TooManyRequests"))],
    ["the connection breaks", nothing],
  ])("is not sent again because %s", async (_name, reply) => {
    const receiver = await receiverOf(accepted, reply, taken);
    expect(await exporterTo(receiver).deliver(logRecords(2))).toEqual({ status: "delivered" });
    expect(posts(receiver)).toBe(1);
  });

  it.each<[string, Reply[], string[]]>([
    ["by the answer that accepts it", [busy(202)], ["POST /v2/log"]],
    ["by an answer to the question", [accepted, busy(429)], ["POST /v2/log", `GET /request/${id}`]],
    ["by a proxy", [accepted, busy(503)], ["POST /v2/log", `GET /request/${id}`]],
  ])("is not asked about before the time that is asked for %s", async (_name, script, asked) => {
    const receiver = await receiverOf(...script);
    const outcome = await exporterTo(receiver, { timeoutMillis: 1500 }).deliver(logRecords(2));
    expect(calls(receiver)).toEqual(asked);
    expect(outcome).toMatchObject({ status: "retryable", retryAfterMillis: 60_000, unclear: true });
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

  it("whose token is refused in the end says so, and that it may have been taken", async () => {
    const receiver = await receiverOf(accepted, answer(401, envelope("Unauthorized")));
    expect(await exporterTo(receiver).deliver(logRecords(2))).toMatchObject({
      status: "retryable",
      cause: { code: "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED" },
      unclear: true,
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

/** A receiver that accepts what it is sent, and says no more of it until it is told what. */
async function slowReceiver(): Promise<{ receiver: Receiver; finish: (reply: Reply) => void }> {
  let outcome: Reply | undefined;
  const play: Reply = (request, ...exchange) => {
    const reply = request.method === "GET" ? outcome : outcome && success;
    return (reply ?? accepted)(request, ...exchange);
  };
  const receiver = await receiverOf(...Array.from({ length: 100 }, () => play));
  return { receiver, finish: (reply) => (outcome = reply) };
}

describe("an accepted request whose outcome is not known at the deadline", () => {
  const records = logRecords(2);
  const limits = { timeoutMillis: 250 };
  const retryable = { status: "retryable" };
  const delivered = { status: "delivered" };
  const question = `GET /request/${id}`;

  it("is asked about in the next attempt, and its events are not sent again", async () => {
    const { receiver, finish } = await slowReceiver();
    const exporter = exporterTo(receiver, limits);
    expect(await exporter.deliver(records)).toMatchObject(retryable);
    expect(await exporter.deliver(records)).toMatchObject({
      ...retryable,
      cause: { why: expect.stringContaining("accepted before") },
    });
    finish(taken);
    expect(await exporter.deliver(records)).toEqual(delivered);
    expect(posts(receiver)).toBe(1);
    expect(calls(receiver).at(-1)).toBe(question);
  });

  it("keeps back none of the events that come with it", async () => {
    const { receiver, finish } = await slowReceiver();
    const exporter = exporterTo(receiver, limits);
    await exporter.deliver(records);
    finish(taken);
    expect(await exporter.deliver([...records, logRecord(2)])).toEqual(delivered);
    expect(calls(receiver).slice(-2)).toEqual(["POST /v2/log", question]);
    expect(receiver.requests.at(-2)?.events).toHaveLength(1);
  });

  it("answers for all of its events, though they come back one by one", async () => {
    const { receiver, finish } = await slowReceiver();
    const exporter = exporterTo(receiver, limits);
    await exporter.deliver(records);
    finish(taken);
    const before = receiver.requests.length;
    for (const record of records) expect(await exporter.deliver([record])).toEqual(delivered);
    expect(calls(receiver).slice(before)).toEqual([question]);
  });

  it("and that is refused in the end refuses the event that is pointed at; the other is sent again", async () => {
    const { receiver, finish } = await slowReceiver();
    const exporter = exporterTo(receiver, limits);
    await exporter.deliver(records);
    const errors = [{ code: "TooLong", detail: "", source: "/events/1/event/message" }];
    finish(answer(400, envelope("ValidationError", { errors })));
    const turned = records.toReversed();
    expect(await exporter.deliver(turned)).toMatchObject({
      status: "rejected",
      records: [{ index: 0 }],
    });
    expect(calls(receiver).slice(-2)).toEqual([question, "POST /v2/log"]);
    expect(receiver.requests.at(-1)?.events).toHaveLength(1);
  });

  it("is still known when the token was refused meanwhile", async () => {
    const { receiver, finish } = await slowReceiver();
    const exporter = exporterTo(receiver, limits);
    await exporter.deliver(records);
    finish(answer(401, envelope("Unauthorized")));
    expect(await exporter.deliver(records)).toMatchObject({
      cause: { code: "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED" },
    });
    finish(taken);
    expect(await exporter.deliver(records)).toEqual(delivered);
    expect(posts(receiver)).toBe(1);
  });

  it("and that failed in the end is sent again", async () => {
    const { receiver, finish } = await slowReceiver();
    const exporter = exporterTo(receiver, limits);
    await exporter.deliver(records);
    finish(answer(200, envelope("InternalError")));
    expect(await exporter.deliver(records)).toMatchObject(retryable);
    expect(await exporter.deliver(records)).toEqual(delivered);
    expect(calls(receiver).slice(-2)).toEqual([question, "POST /v2/log"]);
  });

  it("is sent again when the service has forgotten it", async () => {
    const brief = answer(202, envelope("Accepted", { ttl_mins: 0.001 }));
    const receiver = await receiverOf(brief, ...Array.from({ length: 9 }, () => notFound));
    const exporter = exporterTo(receiver, limits);
    await exporter.deliver(records);
    await exporter.deliver(records);
    expect(posts(receiver)).toBe(2);
  });

  it("settles no event that was not in it, also where two deliveries overlap", async () => {
    const events = logRecords(5);
    const asked = Promise.withResolvers<void>();
    const abandon = new AbortController();
    let first: Promise<unknown> | undefined;
    const play: Reply = async (request, ...exchange) => {
      const actors = request.events.map(({ actor }) => actor);
      let reply = success;
      if (request.method === "GET") {
        asked.resolve();
        reply = abandon.signal.aborted ? taken : notFound;
      } else if (actors.includes("user-1")) reply = accepted;
      else if (actors.length > 2) reply = answer(413, "");
      else if (actors.includes("user-3")) {
        // Between the halves of the second delivery, the first is abandoned.
        abandon.abort();
        await first;
      }
      await reply(request, ...exchange);
    };
    const receiver = await receiverOf(...Array.from({ length: 50 }, () => play));
    const exporter = exporterTo(receiver);
    first = exporter.deliver(events.slice(0, 2), abandon.signal);
    await asked.promise;
    const second = [3, 4, 0, 2].flatMap((n) => events[n] ?? []);
    expect(await exporter.deliver(second)).toEqual(delivered);
    const inHalves = receiver.requests.filter(({ events: { length } }) => length <= 2);
    expect(inHalves.flatMap((request) => request.events.map(({ actor }) => actor))).toContain(
      "user-2",
    );
  });
});
