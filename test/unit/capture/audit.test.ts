import { AsyncLocalStorage } from "node:async_hooks";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { audit, type AuditInput } from "../../../src/capture/audit.ts";
import { getSlot } from "../../../src/slot.ts";
import { flush } from "../../../src/telemetry/flush.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
const { last } = watched;
const complaint = (): string | undefined => watched.diagnostics.at(-1)?.message;

/** A call as JavaScript can make it, whatever the types say. */
const auditAnything = (event: unknown): void => audit(event as AuditInput);

describe("an event of the app's own", () => {
  it("is recorded before audit() returns, with who did what to what", () => {
    audit({
      name: "billing.refund",
      actor: { id: 7, email: "alice@example.com", name: null },
      target: "invoice:42",
      attributes: { "refund.amount": 12.5, "refund.partial": false, "refund.items": ["a", "b"] },
    });
    expect(watched.records).toMatchObject([
      {
        eventName: "billing.refund",
        severityText: "INFO",
        body: "alice@example.com did billing.refund on invoice:42",
        attributes: {
          "auth.outcome": "success",
          "user.id": "7",
          "user.email": "alice@example.com",
          "auth.target": "invoice:42",
          "refund.amount": 12.5,
          "refund.partial": false,
          "refund.items": ["a", "b"],
          "authlog.sequence": 1,
        },
      },
    ]);
    expect(last()).not.toHaveProperty("auth.framework.name");
    expect(watched.diagnostics).toEqual([]);
  });

  it.each<[string, Partial<AuditInput>, object]>([
    ["a reason", { reason: "access_denied" }, { "auth.failure.reason": "access_denied" }],
    ["an error", { error: new TypeError("a secret") }, { "error.type": "TypeError" }],
    ["a code", { error: { code: "P2002", message: "a secret" } }, { "error.type": "P2002" }],
    ["a text that was thrown", { error: "a secret" }, { "error.type": "_OTHER" }],
    ["a name that is a sentence", { error: { name: "a secret" } }, { "error.type": "_OTHER" }],
  ])("with %s is a failure, without its message", (_, parts, attributes) => {
    audit({ name: "billing.refund", ...parts });
    expect(last()).toMatchObject({ "auth.outcome": "failure", ...attributes });
    expect(watched.records.at(-1)?.severityText).toBe("WARN");
    expect(JSON.stringify(watched.records)).not.toContain("a secret");
  });

  it("of nobody known has no actor", () => {
    audit({ name: "billing.refund", actor: null });
    expect(last()).not.toHaveProperty("user.id");
    expect(watched.diagnostics).toEqual([]);
  });

  it("is none where authlog is switched off", () => {
    getSlot().enabled = false;
    audit({ name: "billing.refund" });
    expect(watched.records).toEqual([]);
    expect(getSlot().producer.sequence).toBe(0);
  });
});

describe("a name that no event can have", () => {
  it.each([
    ["Billing Refund", "billing_refund"],
    ["billing.refundInvoice", "billing.refund_invoice"],
    ["invoice.42.refund", "invoice.refund"],
    ["a.name.that.is.far.too.long.for.its.field", "a.name.that.is.far.too.long.for"],
    ["authlog.gap", "app.gap"],
    ["authlog", "app"],
    ["..", "app.event"],
    ["", "app.event"],
    [42, "app.event"],
    [undefined, "app.event"],
    [`a${"!".repeat(100_000)}`, "a"],
  ])("%j is recorded as %s, and said", (name, recorded) => {
    auditAnything({ name });
    expect(watched.records.at(-1)?.eventName).toBe(recorded);
    expect(watched.diagnostics).toMatchObject([{ code: "ERR_AUTHLOG_AUDIT_INVALID" }]);
  });

  it.each(["refund", "billing.refund", "user.oauth2_link", "authlogs.read"])(
    "is not %s",
    (name) => {
      audit({ name });
      expect(watched.records.at(-1)?.eventName).toBe(name);
      expect(watched.diagnostics).toEqual([]);
    },
  );
});

describe("an attribute that a record cannot hold", () => {
  it.each([
    "password",
    "userPassword",
    "new_passwd",
    "api.key",
    "apiKey",
    "accessToken",
    "set-cookie",
    "Authorization",
    "client_secret",
    "card.cvc",
    "otp",
  ])("%s is left out, since it is named like a secret", (name) => {
    audit({ name: "billing.refund", attributes: { [name]: "hunter2", kept: "x" } });
    expect(last()).toMatchObject({ kept: "x" });
    expect(JSON.stringify(watched)).not.toContain("hunter2");
    expect(complaint()).toContain(`the attribute "${name}" is named like a secret`);
  });

  it.each(["shipping.address", "topology", "opinion", "passenger.count"])(
    "is not %s, which only looks like it",
    (name) => {
      audit({ name: "billing.refund", attributes: { [name]: "x" } });
      expect(last()).toHaveProperty([name], "x");
    },
  );

  it.each(["auth.outcome", "user.id", "client.address", "authlog.any", "auth.any", "trace_id"])(
    "%s is left out, since it is authlog's",
    (name) => {
      audit({ name: "billing.refund", actor: { id: "7" }, attributes: { [name]: "forged" } });
      expect(JSON.stringify(watched.records)).not.toContain("forged");
      expect(complaint()).toContain("has a name that is authlog's");
    },
  );

  it.each([
    ["an object", { a: 1 }],
    ["a list of numbers", [1, 2]],
    ["no number", Number.NaN],
    ["a function", () => "x"],
    ["a date", new Date(0)],
    ["a big integer", 1n],
  ])("is left out where its value is %s", (_, value) => {
    auditAnything({ name: "billing.refund", attributes: { bad: value, kept: true } });
    expect(last()).toMatchObject({ kept: true });
    expect(last()).not.toHaveProperty("bad");
    expect(complaint()).toContain('the attribute "bad" is not flat');
  });

  it.each(["a b", "1a", "a..b", "a\u001b[31m", "__proto__", "x".repeat(65), ""])(
    "is left out where its name is %j",
    (name) => {
      const attributes = JSON.parse(`{${JSON.stringify(name)}: "wrong"}`) as object;
      auditAnything({ name: "billing.refund", attributes });
      expect(JSON.stringify(watched.records)).not.toContain("wrong");
      expect(complaint()).toContain("has a name that cannot be used");
    },
  );

  it("is left out in silence where it is null or undefined", () => {
    audit({ name: "billing.refund", attributes: { gone: null, missing: undefined } });
    expect(last()).not.toHaveProperty("gone");
    expect(watched.diagnostics).toEqual([]);
  });

  it("is cut where it is too long, and marked", () => {
    const note = `\u001b[31m${"x".repeat(300)}`;
    audit({ name: "billing.refund", attributes: { note, tags: ["y".repeat(300)] } });
    expect(String(last()["note"])).toMatch(/^\uFFFDx+$/);
    expect(last()["tags"]).toEqual(["y".repeat(256)]);
    expect(last()["authlog.truncated"]).toEqual(["note", "tags"]);
  });

  it("is one too many after 32, and a list ends after 16", () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`a${index}`, index]));
    audit({ name: "billing.refund", attributes: { list: Array<string>(20).fill("x"), ...many } });
    expect(Object.keys(last()).filter((name) => /^a\d+$/.test(name))).toHaveLength(31);
    expect(last()["list"]).toHaveLength(16);
    expect(complaint()).toContain("more than 16 items; it has more than 32 attributes");
  });
});

describe("whatever is handed in", () => {
  it.each<[string, unknown, string]>([
    ["a reason that is a sentence", { reason: "card 4242 refused" }, "its reason is no code"],
    ["an outcome that is none", { outcome: "ok" }, "its outcome is none"],
    ["a success with a reason", { outcome: "success", reason: "x" }, "it succeeded, and yet"],
    ["an actor that is no object", { actor: "alice" }, "its actor is no object"],
    ["a target that is no text", { target: {} }, "its target is no text"],
    ["attributes that are no object", { attributes: "x" }, "its attributes are no object"],
  ])("%s is said, and the event is recorded", (_, parts, fault) => {
    auditAnything({ name: "billing.refund", ...(parts as object) });
    expect(watched.records).toHaveLength(1);
    expect(complaint()).toContain(fault);
    expect(JSON.stringify(watched)).not.toContain("4242");
  });

  it.each([undefined, null, 7, "billing.refund", []])("audit(%j) throws nothing", (event) => {
    auditAnything(event);
    expect(watched.records).toMatchObject([{ eventName: "app.event" }]);
  });

  it("a getter that throws costs its own field, and no more", () => {
    auditAnything({
      name: "billing.refund",
      get target() {
        throw new Error("a secret");
      },
      attributes: {
        get bad() {
          throw new Error("a secret");
        },
        good: 1,
      },
    });
    expect(last()).toMatchObject({ "auth.outcome": "success", good: 1 });
    expect(JSON.stringify(watched)).not.toContain("a secret");
  });

  it.each(["actor", "target", "attributes", "request", "error"])(
    "a proxy that was revoked costs the %s, and no more",
    (field) => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      auditAnything({ name: "billing.refund", [field]: proxy });
      expect(watched.names()).toEqual(["billing.refund"]);
    },
  );

  it("an object that does not show what it is costs the request, and no more", () => {
    const request = new Proxy(
      { url: "/x", headers: {} },
      {
        getPrototypeOf() {
          throw new Error("a secret");
        },
      },
    );
    auditAnything({ name: "billing.refund", request });
    expect(watched.names()).toEqual(["billing.refund"]);
    expect(last()).not.toHaveProperty("url.path");
  });

  it("gives a record, and throws nothing", () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true });
    const input = fc.record(
      { name: anything, actor: anything, target: anything, reason: anything, attributes: anything },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(input, (event) => {
        const before = watched.records.length;
        auditAnything(event);
        const record = watched.records.at(-1);
        expect(watched.records).toHaveLength(before + 1);
        expect(record?.eventName).toMatch(/^[a-z][a-z0-9_.]{0,31}$/);
        for (const value of Object.values(record?.attributes ?? {})) {
          expect(["string", "number", "boolean", "object"]).toContain(typeof value);
        }
      }),
    );
  });
});

/** What Next.js puts on the global object, for the time of a test. */
async function inNext(globals: object, run: () => unknown): Promise<void> {
  Object.assign(globalThis, globals);
  try {
    await run();
  } finally {
    for (const key of Reflect.ownKeys(globals))
      delete (globalThis as Record<symbol, unknown>)[key as symbol];
  }
}

const storage = new AsyncLocalStorage<object>();
const next = {
  AsyncLocalStorage,
  [Symbol.for("@next/work-unit-async-storage@16.4.5")]: storage,
};
const headers = new Headers({ "x-forwarded-for": "203.0.113.9", "user-agent": "a browser" });

describe("the request of an event", () => {
  it("is the one that is handed in", () => {
    audit({
      name: "billing.refund",
      request: new Request("https://shop.example/refund?token=x", { method: "POST", headers }),
    });
    expect(last()).toMatchObject({
      "client.address": "203.0.113.9",
      "user_agent.original": "a browser",
      "http.request.method": "POST",
      "url.path": "/refund",
    });
  });

  it("is the one that Next.js runs, told at once", async () => {
    const request = { type: "request", headers, url: { pathname: "/account", search: "?a=b" } };
    await inNext(next, () => storage.run(request, () => audit({ name: "billing.refund" })));
    expect(last()).toMatchObject({ "client.address": "203.0.113.9", "url.path": "/account" });
  });

  it.each(["prerender", "prerender-runtime", "prerender-legacy"])(
    "is none in a %s, which is no event and reads neither clock nor random numbers",
    async (type) => {
      const clock = vi.spyOn(Date, "now");
      const random = vi.spyOn(crypto, "getRandomValues");
      const ids = vi.spyOn(crypto, "randomUUID");
      try {
        await inNext(next, () => storage.run({ type }, () => audit({ name: "Not a name!" })));
        for (const spy of [clock, random, ids]) expect(spy).not.toHaveBeenCalled();
      } finally {
        vi.restoreAllMocks();
      }
      expect(watched.records).toEqual([]);
      expect(watched.diagnostics).toEqual([]);
    },
  );

  it("is none in `next dev` either, in the part of a page that a build renders ahead", async () => {
    let isStatic = true;
    const stagedRendering = { shouldTrackSyncInterrupt: () => isStatic };
    const request = { type: "request", headers, stagedRendering };
    const visit = (): void => storage.run(request, () => audit({ name: "billing.refund" }));
    await inNext(next, visit);
    expect(watched.records).toEqual([]);
    isStatic = false;
    await inNext(next, visit);
    expect(last()).toMatchObject({ "client.address": "203.0.113.9" });
  });

  it.each(["cache", "private-cache", "unstable-cache"])(
    "is not asked for in a %s, which it would spoil",
    async (type) => {
      const store = {
        type,
        get headers(): never {
          throw new Error("Next.js would take this for a use of the request");
        },
      };
      await inNext(next, () => storage.run(store, () => audit({ name: "billing.refund" })));
      expect(watched.records).toHaveLength(1);
      expect(last()).not.toHaveProperty("client.address");
      expect(watched.diagnostics).toEqual([]);
    },
  );

  it("is none in Next.js, but outside of a request", async () => {
    await inNext(next, () => audit({ name: "billing.refund" }));
    expect(last()).not.toHaveProperty("url.path");
  });

  it("is asked of headers() by an older Next.js; the event keeps its time, place and span", async () => {
    const spans = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { sink } = getSlot();
    getSlot().sink = (record) => {
      seen.push(spans.getStore());
      sink?.(record);
    };
    await inNext({ AsyncLocalStorage }, async () => {
      const inRequest = await olderNext();
      spans.run("the first one's", () => inRequest(() => audit({ name: "first.one" })));
      audit({ name: "second.one", request: new Request("https://shop.example/") });
      const between = Date.now();
      while (watched.records.length < 2) await new Promise((resolve) => setImmediate(resolve));
      const [second, first] = watched.records;
      expect([first?.eventName, second?.eventName]).toEqual(["first.one", "second.one"]);
      expect(first?.attributes).toMatchObject({
        "client.address": "203.0.113.9",
        "authlog.sequence": 1,
      });
      expect(first?.timeUnixMillis).toBeLessThanOrEqual(between);
      expect(seen).toEqual([undefined, "the first one's"]);
    });
  });
});

it("is waited for by a flush while headers() is asked", async () => {
  await inNext({ AsyncLocalStorage }, async () => {
    const inRequest = await olderNext();
    inRequest(() => audit({ name: "billing.refund" }));
    expect(watched.records).toEqual([]);
    expect(await flush()).toBe(true);
    expect(watched.records).toHaveLength(1);
  });
});

/** Next's own `headers()` in a request, without the global by which a newer one can be looked at. */
async function olderNext(): Promise<(run: () => void) => void> {
  const { workAsyncStorage: works } =
    await import("next/dist/server/app-render/work-async-storage.external.js");
  const { workUnitAsyncStorage: units } =
    await import("next/dist/server/app-render/work-unit-async-storage.external.js");
  for (const key of Object.getOwnPropertySymbols(globalThis)) {
    if (key.description?.startsWith("@next/work-unit-async-storage@")) {
      delete (globalThis as Record<symbol, unknown>)[key];
    }
  }
  const unit = { type: "request", phase: "action", headers };
  return (run) => works.run({ route: "/" } as never, () => units.run(unit as never, run));
}
