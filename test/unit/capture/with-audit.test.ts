import { AsyncLocalStorage } from "node:async_hooks";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { forbidden } from "next/dist/client/components/forbidden.js";
import { notFound } from "next/dist/client/components/not-found.js";
import { redirect } from "next/dist/client/components/redirect.js";
import { unauthorized } from "next/dist/client/components/unauthorized.js";
import { describe, expect, it, vi } from "vitest";
import { withAudit } from "../../../src/capture/with-audit.ts";
import { getSlot } from "../../../src/slot.ts";
import { flush } from "../../../src/telemetry/flush.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
const { last } = watched;

const name = "billing.refund";
const session = { user: { id: "7", email: "alice@example.com" } };
const post = (): Request =>
  new Request("https://shop.example/api/refund?token=x", {
    method: "POST",
    headers: { "x-forwarded-for": "203.0.113.9" },
  });

/** A session that counts how often it is asked for. */
function countedSession() {
  const ask = {
    count: 0,
    signedIn: true,
    session: () => {
      ask.count += 1;
      return ask.signedIn ? session : null;
    },
  };
  return ask;
}

const later = <T>(value: T): Promise<T> => Promise.resolve(value);

describe("a call that returns", () => {
  it("is one event when it has ended, with the request that it was", async () => {
    const refund = withAudit(
      async (_request: Request) => {
        expect(watched.records).toEqual([]);
        return later(Response.json({ refunded: true }));
      },
      { name, session: () => later(session), target: "invoice:42" },
    );
    const response = await refund(post());
    expect(watched.records).toMatchObject([
      {
        eventName: "billing.refund",
        attributes: {
          "auth.outcome": "success",
          "user.id": "7",
          "auth.target": "invoice:42",
          "client.address": "203.0.113.9",
          "http.request.method": "POST",
          "url.path": "/api/refund",
        },
      },
    ]);
    expect(await response.json()).toEqual({ refunded: true });
  });

  it.each<[number, object]>([
    [302, { "auth.outcome": "success" }],
    [400, { "auth.failure.reason": "request_refused", "error.type": "400" }],
    [401, { "auth.failure.reason": "unauthorized", "error.type": "401" }],
    [403, { "auth.failure.reason": "access_denied", "error.type": "403" }],
    [404, { "auth.failure.reason": "not_found", "error.type": "404" }],
    [429, { "auth.failure.reason": "rate_limited", "error.type": "429" }],
    [503, { "auth.failure.reason": "server_error", "error.type": "503" }],
  ])("a Response of status %i says how it ended", async (status, attributes) => {
    await withAudit(() => later(new Response(null, { status })), { name })();
    expect(last()).toMatchObject({ "auth.outcome": "failure", ...attributes });
  });

  it("ends as the app says, where it says so", async () => {
    const action = withAudit((ok: boolean) => later({ ok }), {
      name,
      outcome: ({ ok }) => (ok ? "success" : "failure"),
    });
    expect(await action(false)).toEqual({ ok: false });
    expect(last()).toMatchObject({ "auth.outcome": "failure" });
    await action(true);
    expect(last()).toMatchObject({ "auth.outcome": "success" });
  });

  it("of the pages router ends by the status of Node's response", async () => {
    const request = new IncomingMessage(new Socket());
    Object.assign(request, { method: "POST", url: "/api/refund?a=b" });
    request.headers["x-forwarded-for"] = "203.0.113.9";
    const handler = withAudit(
      (_request: IncomingMessage, response: ServerResponse) => {
        response.statusCode = 403;
      },
      { name },
    );
    handler(request, new ServerResponse(request));
    expect(last()).toMatchObject({
      "auth.failure.reason": "access_denied",
      "client.address": "203.0.113.9",
      "url.path": "/api/refund",
    });
  });

  it("takes no request, and no status, from what the caller of a server action sent", async () => {
    const sent = { url: "/forged", method: "POST", headers: { "x-forwarded-for": "192.0.2.66" } };
    const action = withAudit((_first: object, _second: object) => later(true), { name });
    await action(sent, { statusCode: 500 });
    expect(last()).toMatchObject({ "auth.outcome": "success" });
    expect(last()).not.toHaveProperty("client.address");
    expect(last()).not.toHaveProperty("url.path");
  });
});

describe("a call that throws", () => {
  it("throws the very same, and is a failure without its message", async () => {
    const error = new TypeError("a secret");
    const action = withAudit(() => Promise.reject(error), { name, session: () => later(session) });
    await expect(action()).rejects.toBe(error);
    expect(watched.records).toHaveLength(1);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "error.type": "TypeError",
      "user.id": "7",
    });
    expect(JSON.stringify(watched)).not.toContain("a secret");
  });

  it("at once, before its session is known, is waited for by a flush", async () => {
    withAudit(() => "done", { name, session: () => later(session) })();
    expect(watched.records).toEqual([]);
    expect(await flush()).toBe(true);
    expect(last()).toMatchObject({ "user.id": "7" });
  });

  it("at once, throws at once", () => {
    const error = new RangeError("no");
    const action = withAudit(
      () => {
        throw error;
      },
      { name },
    );
    expect(action).toThrow(error);
    expect(last()).toMatchObject({ "error.type": "RangeError" });
  });

  it.each<[string, () => never, object]>([
    ["redirect()", () => redirect("/done"), { "auth.outcome": "success" }],
    ["notFound()", notFound, { "auth.failure.reason": "not_found", "error.type": "404" }],
    ["forbidden()", forbidden, { "auth.failure.reason": "access_denied", "error.type": "403" }],
    [
      "unauthorized()",
      unauthorized,
      { "auth.failure.reason": "unauthorized", "error.type": "401" },
    ],
  ])("%s of Next.js means what it says", async (_, end, attributes) => {
    vi.stubEnv("__NEXT_EXPERIMENTAL_AUTH_INTERRUPTS", "true");
    const action = withAudit(async () => end(), { name });
    await expect(action()).rejects.toHaveProperty("digest");
    vi.unstubAllEnvs();
    expect(last()).toMatchObject({ "auth.outcome": "failure", ...attributes });
  });

  it.each([
    "DYNAMIC_SERVER_USAGE",
    "HANGING_PROMISE_REJECTION",
    "BAILOUT_TO_CLIENT_SIDE_RENDERING",
    "NEXT_PRERENDER_INTERRUPTED",
  ])("%s to be run again later has not ended", async (digest) => {
    const action = withAudit(() => Promise.reject(Object.assign(new Error("x"), { digest })), {
      name,
    });
    await expect(action()).rejects.toHaveProperty("digest", digest);
    expect(watched.records).toEqual([]);
  });
});

describe("the handler", () => {
  it("has its own this, arguments and result", async () => {
    const result = { any: "thing" };
    const account = {
      owner: "alice",
      close: withAudit(
        async function close(this: { owner: string }, why: string, when: number) {
          expect([this.owner, why, when]).toEqual(["alice", "moved", 7]);
          return later(result);
        },
        { name: "account.close" },
      ),
    };
    expect(await account.close("moved", 7)).toBe(result);
  });

  it("that answers at once still does, and its event is there", () => {
    const response = new Response();
    const handler = withAudit((_request: Request) => response, {
      name,
      target: () => "invoice:42",
    });
    expect(handler(post())).toBe(response);
    expect(last()).toMatchObject({ "auth.target": "invoice:42" });
  });

  it("runs alone where authlog is switched off", async () => {
    getSlot().enabled = false;
    const ask = countedSession();
    expect(await withAudit(() => later(1), { name, session: ask.session })()).toBe(1);
    expect(ask.count).toBe(0);
    expect(watched.records).toEqual([]);
  });
});

describe("who calls", () => {
  it("is the session's user, asked for once, before the handler can end the session", async () => {
    const ask = countedSession();
    const action = withAudit(
      async () => {
        ask.signedIn = false;
        return later("closed");
      },
      { name: "account.close", session: ask.session },
    );
    await action();
    expect(ask.count).toBe(1);
    expect(last()).toMatchObject({ "user.id": "7", "user.email": "alice@example.com" });
  });

  it.each([null, undefined, {}, { user: null }])(
    "is nobody known in a session of %j",
    async (none) => {
      await withAudit(() => later(1), { name, session: () => later(none) })();
      expect(watched.records).toHaveLength(1);
      expect(last()).not.toHaveProperty("user.id");
      expect(watched.diagnostics).toEqual([]);
    },
  );

  it("is the actor that a function finds in the arguments; no session is asked for then", async () => {
    const ask = countedSession();
    const action = withAudit((_user: { id: number }, _id: string) => later(1), {
      name,
      session: ask.session,
      actor: ({ id }) => later({ id }),
      target: (_user, id) => `invoice:${id}`,
      attributes: async (_user, id) => later({ "invoice.id": id }),
    });
    await action({ id: 8 }, "42");
    expect(ask.count).toBe(0);
    expect(last()).toMatchObject({
      "user.id": "8",
      "auth.target": "invoice:42",
      "invoice.id": "42",
    });
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("a secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("a secret"))],
  ])("is nobody known where the session %s; the handler does not notice", async (_, ask) => {
    expect(await withAudit(() => later(1), { name, session: ask, target: "x:1" })()).toBe(1);
    expect(last()).toMatchObject({ "auth.outcome": "success", "auth.target": "x:1" });
    expect(watched.diagnostics).toMatchObject([{ code: "ERR_AUTHLOG_CAPTURE_FAILED" }]);
    expect(JSON.stringify(watched)).not.toContain("a secret");
  });

  it("is waited for a second at most; what else is known is told", async () => {
    vi.useFakeTimers();
    try {
      const action = withAudit(() => later("answer"), {
        name,
        session: () => new Promise(() => {}),
        target: () => later("invoice:42"),
      });
      const answer = action();
      await vi.advanceTimersByTimeAsync(999);
      expect(watched.records).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(await answer).toBe("answer");
      expect(last()).toMatchObject({ "auth.target": "invoice:42" });
      expect(watched.diagnostics).toMatchObject([{ code: "ERR_AUTHLOG_CAPTURE_FAILED" }]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is not asked for where Next.js fills a cache, and a prerender is no call", async () => {
    const storage = new AsyncLocalStorage<object>();
    const key = Symbol.for("@next/work-unit-async-storage@16.4.5");
    Object.assign(globalThis, { AsyncLocalStorage, [key]: storage });
    const ask = countedSession();
    try {
      const handler = withAudit(() => later(new Response()), { name, session: ask.session });
      await storage.run({ type: "prerender" }, () => handler());
      await storage.run({ type: "cache" }, () => handler());
      await storage.run({ type: "request", headers: new Headers() }, () => handler());
    } finally {
      Reflect.deleteProperty(globalThis, "AsyncLocalStorage");
      Reflect.deleteProperty(globalThis, key);
    }
    expect(ask.count).toBe(1);
    expect(watched.records.map(({ attributes }) => attributes["user.id"])).toEqual([
      undefined,
      "7",
    ]);
  });
});
