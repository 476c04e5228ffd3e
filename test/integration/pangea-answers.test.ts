import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBulkCall } from "../../src/pangea/request.ts";
import type { DeliveryOutcome } from "../../src/telemetry/exporter.ts";
import { expectNoToken, exporterTo, receiverOf, token } from "./pangea-harness.ts";
import { answer, envelope, type Reply, startReceiver } from "./pangea-receiver.ts";
import { logRecords } from "./pangea-records.ts";
import { selfSigned } from "./self-signed.ts";

/** One delivery of three records against one scripted answer. */
async function outcomeOf(reply: Reply, timeoutMillis = 5_000): Promise<DeliveryOutcome> {
  const receiver = await receiverOf(reply);
  const outcome = await exporterTo(receiver, { timeoutMillis }).deliver(logRecords(3));
  expect(receiver.requests).toHaveLength(1);
  expectNoToken(outcome);
  return outcome;
}

const html = { "content-type": "text/html" };
const retryable = "ERR_AUTHLOG_DELIVERY_RETRYABLE";
const misconfigured = "ERR_AUTHLOG_DELIVERY_MISCONFIGURED";
const unauthorized = "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED";

describe("an answer that may change is retryable, after one request", () => {
  const answers: [string, Reply, string, number?][] = [
    ["429", answer(429, envelope("TooManyRequests"), { "retry-after": "7" }), retryable, 7_000],
    ["429 without a body", answer(429, "", { "retry-after": "2" }), retryable, 2_000],
    ["500 as JSON", answer(500, envelope("InternalError")), retryable],
    ["500 as HTML", answer(500, "<h1>Error</h1>", html), retryable],
    ["502 as JSON", answer(502, envelope("ProviderError")), retryable],
    [
      "502 as HTML",
      answer(502, "<h1>Bad gateway</h1>", { ...html, "retry-after": "3" }),
      retryable,
      3_000,
    ],
    [
      "503 as JSON",
      answer(503, envelope("ServiceTemporarilyUnavailable"), { "retry-after": "0" }),
      retryable,
      0,
    ],
    ["503 as HTML", answer(503, "<h1>Unavailable</h1>", html), retryable],
    ["504 as JSON", answer(504, envelope("Timeout")), retryable],
    ["504 as HTML", answer(504, "<h1>Timeout</h1>", html), retryable],
    ["202 without an id to ask by", answer(202, '{"status":"Accepted","result":{}}'), retryable],
    ["202 without a body", answer(202, ""), retryable],
    ["an empty 200", answer(200, ""), retryable],
    ["a 200 of HTML", answer(200, "<h1>Please log in to the Wi-Fi</h1>", html), retryable],
    ["a 400 of HTML", answer(400, "<h1>Bad request</h1>", html), retryable],
    ["invalid JSON", answer(200, '{"status":"Success","result":{"results":['), retryable],
    ["JSON that is no envelope", answer(200, "null"), retryable],
    [
      "multipart",
      answer(200, "--x", { "content-type": "multipart/form-data; boundary=x" }),
      retryable,
    ],
    ["a null result", answer(200, envelope("Success").replace("{}", "null")), retryable],
    ["no results", answer(200, envelope("Success", { results: [] })), retryable],
    ["too few results", answer(200, envelope("Success", { results: [{ hash: "aa" }] })), retryable],
    [
      "results without hashes",
      answer(200, envelope("Success", { results: [{}, {}, null] })),
      retryable,
    ],
    ["401", answer(401, envelope("Unauthorized")), unauthorized],
    ["401 as HTML", answer(401, "<h1>Who are you?</h1>", html), unauthorized],
    ["403 as JSON", answer(403, envelope("Forbidden")), unauthorized],
    ["403 as HTML", answer(403, "<h1>Forbidden</h1>", html), unauthorized],
    ["404", answer(404, "<h1>Not found</h1>", html), misconfigured],
    ["400 for the config id", answer(400, envelope("MissingConfigID")), misconfigured],
    ["400 for the account", answer(400, envelope("AccountSuspended")), misconfigured],
    ["422 for the account", answer(422, envelope("ForbiddenVaultOperation")), misconfigured],
    ["400 of a service that failed", answer(400, envelope("InternalError")), retryable],
    ["400 of a service that is busy", answer(400, envelope("TooManyRequests")), retryable],
    [
      "400 that points at the config id",
      answer(
        400,
        envelope("ValidationError", {
          errors: [{ code: "BadFormat", detail: "no", source: "/config_id" }],
        }),
      ),
      misconfigured,
    ],
    ["an answer of megabytes", answer(200, " ".repeat(5_000_000)), retryable],
  ];

  it.each(answers)("%s", async (_name, reply, code, retryAfterMillis) => {
    const outcome = await outcomeOf(reply);
    expect(outcome).toMatchObject({ status: "retryable", cause: { code } });
    if (outcome.status !== "retryable") throw new Error("unreachable");
    expect(outcome.retryAfterMillis).toBe(retryAfterMillis);
    expect(outcome.cause.cause).toBeUndefined();
  });

  it("a Retry-After that is a date counts from now", async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const outcome = await outcomeOf(answer(503, "", { "retry-after": date }));
    if (outcome.status !== "retryable") throw new Error("unreachable");
    expect(outcome.retryAfterMillis).toBeGreaterThan(50_000);
    expect(outcome.retryAfterMillis).toBeLessThanOrEqual(60_000);
  });

  it("the service's words are told, without control characters and without an echoed token", async () => {
    const reply = answer(500, envelope("InternalError", {}, `bad \u001b[31m token ${token}`));
    const outcome = await outcomeOf(reply);
    if (outcome.status !== "retryable") throw new Error("unreachable");
    expect(outcome.cause.why).toBe("HTTP 500 InternalError. bad  [31m token [token]");
  });
});

describe("a connection that breaks is retryable, after one request", () => {
  // The first delivery loads the SDK within its deadline, which is short here.
  beforeAll(async () => {
    await loadBulkCall();
  });

  it.each<[string, Reply]>([
    ["reset before the answer", (_request, _response, socket) => void socket.resetAndDestroy()],
    [
      "reset within the answer",
      async (_request, response, socket) => {
        response.writeHead(200, { "content-length": "100" }).write("{");
        await new Promise((resolve) => setImmediate(resolve));
        socket.resetAndDestroy();
      },
    ],
  ])("%s", async (_name, reply) => {
    expect(await outcomeOf(reply)).toMatchObject({
      status: "retryable",
      cause: { code: retryable },
    });
  });

  it.each<[string, Reply]>([
    ["a hang", () => undefined],
    ["a hang after the headers", (_request, response) => response.writeHead(200).flushHeaders()],
    [
      "a slow drip",
      (_request, response) => {
        const drip = setInterval(() => response.write(" "), 5);
        response.once("close", () => clearInterval(drip));
      },
    ],
  ])("%s ends at the deadline", async (_name, reply) => {
    const outcome = await outcomeOf(reply, 300);
    expect(outcome).toMatchObject({
      status: "retryable",
      cause: { why: "No answer came within timeoutMillis." },
    });
  });

  it("a caller's signal ends it earlier", async () => {
    const caller = new AbortController();
    const receiver = await receiverOf(() => caller.abort());
    const outcome = await exporterTo(receiver).deliver(logRecords(1), caller.signal);
    expect(outcome).toMatchObject({
      status: "retryable",
      cause: { why: "The delivery was aborted." },
    });
  });

  it("a refused connection tells its code", async () => {
    const receiver = await startReceiver();
    await receiver.close();
    expect(await exporterTo(receiver).deliver(logRecords(1))).toMatchObject({
      status: "retryable",
      cause: { why: "The connection failed (ECONNREFUSED)." },
    });
  });

  it("a name that does not resolve is retryable", async () => {
    const exporter = exporterTo(
      { url: "https://{SERVICE_NAME}.authlog.invalid" },
      { timeoutMillis: 1_000 },
    );
    expect(await exporter.deliver(logRecords(1))).toMatchObject({
      status: "retryable",
      cause: { code: retryable },
    });
  });

  it("a connection that is reset before a request can be sent tells its code", async () => {
    const server = createServer((socket) => socket.resetAndDestroy());
    const { port } = await listening(server);
    const outcome = await exporterTo({ url: `http://127.0.0.1:${port}` }).deliver(logRecords(1));
    server.close();
    expect(outcome).toMatchObject({
      status: "retryable",
      cause: {
        why: expect.stringMatching(/^The connection failed \((ECONNRESET|UND_ERR_SOCKET)\)/),
      },
    });
  });

  it("a server whose certificate nobody vouches for is told no token", async () => {
    const heard: string[] = [];
    const server = createTlsServer(selfSigned("localhost"), (socket) =>
      socket.on("data", (bytes) => heard.push(String(bytes))),
    );
    const { port } = await listening(server);
    const outcome = await exporterTo({ url: `https://localhost:${port}` }).deliver(logRecords(1));
    server.close();
    expect(outcome).toMatchObject({
      status: "retryable",
      cause: { why: "The connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)." },
    });
    expect(heard).toEqual([]);
    expectNoToken(outcome);
  });

  it("a server that speaks no TLS is retryable", async () => {
    const receiver = await receiverOf();
    const exporter = exporterTo({ url: receiver.url.replace("http:", "https:") });
    expect(await exporter.deliver(logRecords(1))).toMatchObject({
      status: "retryable",
      cause: { code: retryable },
    });
    expect(receiver.requests).toHaveLength(0);
  });
});

describe("a redirect", () => {
  it.each([301, 302, 307, 308])("%i is not followed: the token stays", async (status) => {
    const elsewhere = await receiverOf();
    const outcome = await outcomeOf(answer(status, "", { location: `${elsewhere.url}/v2/log` }));
    expect(outcome).toMatchObject({ status: "retryable", cause: { code: misconfigured } });
    expect(elsewhere.requests).toHaveLength(0);
  });
});

async function listening(server: Server): Promise<AddressInfo> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address() as AddressInfo;
}
