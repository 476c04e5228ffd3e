import { describe, expect, it } from "vitest";
import { AuthlogError } from "../../../src/errors.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import type { AppendRequest } from "../../../src/ledger/records.ts";
import { type AppOptions, createApp } from "../../../src/ledger-server/app.ts";
import { standardSchema } from "../../../src/ledger-server/event-schema.ts";

const url = "http://127.0.0.1:4319";
const tokens = { append: "append-token", read: "read-token" };
const notAsked = (): never => {
  throw new Error("not asked for");
};

/** A ledger that appends whatever it is given, and nothing else. */
function appending(append: Ledger["append"]): Ledger {
  const rest = { publish: notAsked, find: notAsked, page: notAsked, root: notAsked };
  return { append, ...rest, conflicts: notAsked, close: notAsked, treeName: "0" };
}

const accept: Ledger["append"] = ({ items, envelopes, receivedAtMicros }: AppendRequest) =>
  Promise.resolve({
    records: items.map(() => ({
      outcome: "appended",
      hash: "ab",
      receivedAtMicros,
      ...(envelopes === true && { envelope: '{"event":{}}' }),
    })),
  });

/** Sends a request through the application, without a socket. */
async function request(
  {
    path = "/v1/log",
    body = '{"event":{"message":"m"}}',
    headers = {},
  }: {
    path?: string;
    body?: BodyInit;
    headers?: Record<string, string>;
  },
  options: Partial<AppOptions> = {},
): Promise<{
  httpStatus: number;
  headers: Headers;
  body: { status: string; summary: string; result: unknown };
}> {
  const app = createApp({
    ledger: appending(accept),
    tokens,
    url: () => url,
    schema: standardSchema,
    maxBodyBytes: 1_024,
    clock: () => Date.parse("2026-11-20T10:00:00Z"),
    ...options,
  });
  const response = await app.request(`${url}${path}`, {
    method: "POST",
    body,
    duplex: "half",
    headers: {
      authorization: "Bearer append-token",
      "content-type": "application/json",
      ...headers,
    },
  } as RequestInit);
  return {
    httpStatus: response.status,
    headers: response.headers,
    body: JSON.parse(await response.text()),
  };
}

describe("the application", () => {
  it("answers in Pangea's envelope, with the clock's time", async () => {
    const { body } = await request({});
    expect(body).toEqual({
      request_id: expect.stringMatching(/^prq_[a-z2-7]{32}$/),
      request_time: "2026-11-20T10:00:00.000Z",
      response_time: "2026-11-20T10:00:00.000Z",
      status: "Success",
      summary: "Logged 1 record(s)",
      result: { hash: "ab" },
    });
  });

  it.each([
    ["127.0.0.1:4319", 200],
    ["localhost:4319", 200],
    ["LOCALHOST:4319", 200],
    ["[::1]:4319", 200],
    ["evil.example:4319", 403],
    ["localhost.evil.example:4319", 403],
    ["127.0.0.1:80", 403],
    ["127.0.0.1", 403],
  ])("under the host %s answers with %i", async (host, httpStatus) => {
    expect((await request({ headers: { host } })).httpStatus).toBe(httpStatus);
  });

  it("takes a page of its own origin and no other", async () => {
    const statuses = [url, "http://127.0.0.1:3000", "null"].map(
      async (origin) => (await request({ headers: { host: "127.0.0.1:4319", origin } })).httpStatus,
    );
    expect(await Promise.all(statuses)).toEqual([200, 403, 403]);
  });

  it("drops a body of unknown length that is too large, and hangs up on one without end", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(512));
      },
    });
    const { httpStatus, body, headers } = await request({ body: endless });
    expect([httpStatus, body.status]).toEqual([413, "RequestTooLarge"]);
    // 64 MiB are dropped, so that an honest sender reads the answer; then the line is cut.
    expect(pulled).toBeLessThan(64 * 2_048 + 10);
    expect(headers.get("connection")).toBe("close");
  });

  it("answers 503 and says nothing of the cause when the database fails, and tells its operator", async () => {
    const failure = new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
      message: "disk I/O error near secret",
      why: "",
      fix: "",
    });
    const told: unknown[] = [];
    const onError = (error: unknown): void => void told.push(error);
    const ledger = appending(() => Promise.reject(failure));
    const { httpStatus, body } = await request({}, { ledger, onError });
    expect([httpStatus, body.status]).toEqual([503, "ServiceNotAvailable"]);
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(told).toEqual([failure]);
  });

  it("answers 500 and says what is damaged, and where, to whoever appends or reads", async () => {
    const failure = new AuthlogError("ERR_AUTHLOG_LEDGER_DAMAGED", {
      message: "The ledger is damaged. Event 7 is missing.",
      why: "",
      fix: "",
    });
    const ledger = appending(() => Promise.reject(failure));
    const { httpStatus, body } = await request({}, { ledger });
    expect([httpStatus, body.status, body.summary]).toEqual([
      500,
      "LedgerDamaged",
      failure.message,
    ]);
  });

  it("answers 500 in the envelope for a fault of its own", async () => {
    const ledger = appending(() => Promise.reject(new TypeError("secret")));
    const { httpStatus, body } = await request({}, { ledger });
    expect([httpStatus, body.status]).toEqual([500, "InternalError"]);
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  it("tells a listener of each event that was appended, and bears its errors", async () => {
    const told: unknown[] = [];
    const onAppend = (event: unknown): void => {
      told.push(event);
      throw new Error("the listener's own");
    };
    expect((await request({}, { onAppend })).httpStatus).toBe(200);
    expect(told).toEqual([
      {
        event: { message: "m" },
        receivedAt: "2026-11-20T10:00:00.000000Z",
        hash: "ab",
        conflict: false,
      },
    ]);
  });

  it("drops the body of a sender that it does not know, and keeps the line open", async () => {
    const body = new Blob(["{", "x".repeat(100_000)]).stream();
    const answer = await request({ body, headers: { authorization: "Bearer read-token" } });
    expect(answer.httpStatus).toBe(403);
    expect(answer.headers.get("connection")).toBeNull();
  });
});
