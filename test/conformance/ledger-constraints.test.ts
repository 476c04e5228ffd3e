import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acceptedRequests } from "./accepted-requests.ts";
import { refusedRequests } from "./refused-requests.ts";
import { event } from "./request-parts.ts";
import { type ServedLedger, serveLedger, temporaryFolder } from "./served-ledger.ts";

const folder = temporaryFolder();
let ledger: ServedLedger;
beforeAll(async () => {
  ledger = await serveLedger(folder.path);
});
afterAll(async () => {
  await ledger.stop();
  folder[Symbol.dispose]();
});

const time: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const envelope = {
  request_id: expect.stringMatching(/^prq_[a-z0-9]{32}$/),
  request_time: time,
  response_time: time,
  summary: expect.any(String),
};

describe("the API's constraints", () => {
  it.each(acceptedRequests)("takes %s", async (_, path, body) => {
    const answer = await ledger.post(path, body);
    expect(answer.body).toMatchObject({
      ...envelope,
      status: "Success",
      result: expect.any(Object),
    });
    expect(answer.httpStatus).toBe(200);
  });

  it.each(refusedRequests)("refuses %s", async (_, path, body, code, source) => {
    const answer = await ledger.post(path, body);
    const errors = [{ code, source, detail: expect.any(String) }];
    expect(answer.body).toMatchObject({
      ...envelope,
      status: "ValidationError",
      result: { errors },
    });
    expect(answer.httpStatus).toBe(400);
  });

  it("lists each fault of a request, and none of its values", async () => {
    const secret = "correct horse battery staple";
    const { body, text } = await ledger.post("v2/log", {
      events: [{ event: { message: 1 } }, { event: { message: "m", action: secret.repeat(2) } }],
    });
    expect(body.result.errors?.map(({ source }) => source)).toEqual([
      "/events/0/event/message",
      "/events/1/event/action",
    ]);
    expect(text).not.toContain("horse");
  });

  it.each([
    ["no token", 401, "Unauthorized", "v1/log", { authorization: "" }],
    ["a wrong token", 401, "Unauthorized", "v1/log", { authorization: "Bearer wrong" }],
    ["another scheme", 401, "Unauthorized", "v1/log", { authorization: "Basic d3Jvbmc6d3Jvbmc=" }],
    [
      "another content type",
      415,
      "UnsupportedMediaType",
      "v1/log",
      { "content-type": "text/plain" },
    ],
    ["a page of another origin", 403, "Forbidden", "v1/log", { origin: "https://evil.example" }],
    ["a sandboxed page", 403, "Forbidden", "v1/log", { origin: "null" }],
    ["a path that there is not", 404, "NotFound", "v1/log_stream", {}],
    ["the root path", 404, "NotFound", "", {}],
  ])("%s is answered with %i %s", async (_, httpStatus, status, path, headers) => {
    const answer = await ledger.post(path, { event }, { headers });
    expect(answer).toMatchObject({ httpStatus, body: { status, result: null } });
  });

  it.each(["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s is not allowed", async (method) => {
    const answer = await ledger.post("v1/log", undefined, { method, body: null });
    expect(answer).toMatchObject({ httpStatus: 405, body: { status: "MethodNotAllowed" } });
    expect(answer.headers.get("allow")).toBe("POST");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it.each([
    ["v1/log", "readToken"],
    ["v2/log", "readToken"],
    ["v1/search", "token"],
    ["v1/results", "token"],
    ["v1/root", "token"],
  ] as const)("%s refuses the other token", async (path, other) => {
    const headers = { authorization: `Bearer ${ledger[other]}` };
    const answer = await ledger.post(path, { event }, { headers });
    expect(answer).toMatchObject({ httpStatus: 403, body: { status: "Forbidden" } });
  });

  it("a body beyond 16 MiB is refused, whether its length is told or not", async () => {
    const body = `{"event":{"message":"${"x".repeat(17 * 1_024 ** 2)}"}}`;
    const told = await ledger.post("v1/log", body);
    expect(told).toMatchObject({ httpStatus: 413, body: { status: "RequestTooLarge" } });
    const stream = new Blob([body]).stream();
    const streamed = await ledger.post("v1/log", "", {
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect(streamed).toMatchObject({ httpStatus: 413, body: { status: "RequestTooLarge" } });
    expect(await ledger.post("v1/log", { event })).toMatchObject({ httpStatus: 200 });
  });

  it("every answer forbids storing, sniffing, framing and embedding", async () => {
    for (const path of ["v1/log", "nowhere"]) {
      const { headers } = await ledger.post(path, { event });
      expect(Object.fromEntries(headers)).toMatchObject({
        "cache-control": "no-store",
        "content-type": "application/json; charset=utf-8",
        "x-content-type-options": "nosniff",
        "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
        "cross-origin-resource-policy": "same-origin",
      });
    }
  });
});
