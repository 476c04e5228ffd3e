import { describe, expect, it, vi } from "vitest";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { pseudonymsOf } from "../../../src/setup/pseudonyms-of.ts";
import { getSlot } from "../../../src/slot.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
const { names, last } = watched;

const bob = { id: "9", email: "bob@example.com", name: "Bob", emailVerified: null };
const row = { sessionToken: "t-1", userId: bob.id, expires: new Date(Date.now() + 60_000) };

/** An adapter with Bob's one session in it. */
class Adapter {
  found: unknown = { session: row, user: bob };
  reads = 0;
  deleted: unknown[] = [];
  // NextAuth takes an adapter's own properties alone, and calls them without a `this`.
  getSessionAndUser: (token: string) => unknown = (token) => {
    this.reads += 1;
    return token === row.sessionToken ? this.found : null;
  };
  deleteSession: (token: string) => unknown = (token) => {
    this.deleted.push(token);
  };
  createUser = unused;
  getUser = unused;
  getUserByEmail = unused;
  getUserByAccount = unused;
  updateUser = unused;
  linkAccount = unused;
  createSession = unused;
  updateSession = unused;
}

function unused(): never {
  throw new Error("not asked for");
}

interface Visit {
  adapter: Adapter;
  token?: string;
  events?: object;
}

let visits = 0;

/** The rejects of one address are coalesced, so each visit has an address of its own. */
function fromElsewhere(): Record<string, string> {
  visits += 1;
  return { "x-forwarded-for": `192.0.2.${visits}` };
}

/** Signs out of an app with a session cookie of that token. */
const signOut = {
  async "4"({ adapter, token = row.sessionToken, events = {} }: Visit) {
    const session = { strategy: "database" };
    const app = createApp4({ providers: [], adapter, session, events } as never);
    app.cookies.set("next-auth.session-token", token);
    return (await app.post("signout", {}, { headers: fromElsewhere() })).status;
  },
  async "5"({ adapter, token = row.sessionToken, events = {} }: Visit) {
    const session = { strategy: "database" } as const;
    const app = createApp({ providers: [], adapter: adapter as never, session, events });
    app.cookies.set("authjs.session-token", token);
    return (await app.post("signout", {}, fromElsewhere())).status;
  },
};

describe.each(["4", "5"] as const)("a sign-out of a database session, in next-auth %s", (major) => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["the row", row],
    ["a count of rows", 1],
    ["what a driver says", { rowCount: 1 }],
  ])("names the user where deleteSession returns %s", async (_, returned) => {
    const privacy = { pseudonymKey: `k1:${"5e".repeat(16)}` };
    installCaptureSettings(resolveConfig({ privacy }, {}));
    const adapter = new Adapter();
    adapter.deleteSession = () => returned;
    const seen: unknown[] = [];
    await signOut[major]({
      adapter,
      events: { signOut: (message: unknown) => seen.push(message) },
    });
    expect(names()).toEqual(["auth.sign_out"]);
    expect(last()).toMatchObject({
      "auth.outcome": "success",
      "user.id": "9",
      "user.email": "bob@example.com",
      "session.id": pseudonymsOf("session.id", row.sessionToken, { privacy })[0],
    });
    expect(JSON.stringify(watched.records)).not.toContain(row.sessionToken);
    // The app's own event gets what its own adapter returned.
    expect(seen).toEqual([{ session: returned }]);
    expect(adapter.reads).toBe(1);
    expect(watched.diagnostics).toEqual([]);
  });

  it.each<[string, (token: string) => unknown]>([
    ["returns nothing", () => {}],
    ["returns an empty object", () => ({})],
    ["returns a count of rows", () => ({ rowCount: 0 })],
    [
      "throws for a row that it does not find",
      () => {
        throw Object.assign(new Error("not found"), { code: "P2025" });
      },
    ],
  ])("is no user's with a forged cookie, where deleteSession %s", async (_, deleteSession) => {
    const adapter = Object.assign(new Adapter(), { deleteSession });
    await signOut[major]({ adapter, token: "forged" });
    expect(names()).toEqual(["auth.sign_out"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": "token_invalid",
      "error.type": "SessionNotFound",
    });
    expect(last()).not.toHaveProperty("user.id");
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("the database is away");
      },
    ],
    ["rejects", () => Promise.reject(new Error("the database is away"))],
  ])("goes on where the look-up %s, which is reported", async (_, getSessionAndUser) => {
    const adapter = Object.assign(new Adapter(), { getSessionAndUser });
    await signOut[major]({ adapter });
    expect(adapter.deleted).toEqual([row.sessionToken]);
    expect(names()).toEqual([]);
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_CAPTURE_FAILED"]);
  });

  it("still names who the deleted row says, where the look-up fails", async () => {
    const adapter = Object.assign(new Adapter(), {
      getSessionAndUser: unused,
      deleteSession: () => row,
    });
    await signOut[major]({ adapter });
    expect(names()).toEqual(["auth.sign_out"]);
    expect(last()).toMatchObject({ "auth.outcome": "success", "user.id": "9" });
  });

  it("does not wait for a look-up that never ends", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const adapter = new Adapter();
      const asked = Promise.withResolvers<void>();
      adapter.getSessionAndUser = () => {
        asked.resolve();
        return new Promise(() => {});
      };
      const left = signOut[major]({ adapter });
      await asked.promise;
      await vi.advanceTimersByTimeAsync(1000);
      expect(await left).toBeLessThan(400);
      expect(adapter.deleted).toEqual([row.sessionToken]);
      expect(watched.diagnostics).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("that fails is no success", async () => {
    const adapter = Object.assign(new Adapter(), { deleteSession: unused });
    await signOut[major]({ adapter });
    expect(names()).toEqual(["auth.sign_out"]);
    expect(last()).toMatchObject({
      "auth.outcome": "failure",
      "auth.failure.reason": "provider_error",
    });
  });

  it("costs no read where authlog is off", async () => {
    getSlot().enabled = false;
    const adapter = new Adapter();
    await signOut[major]({ adapter });
    expect([adapter.reads, adapter.deleted]).toEqual([0, [row.sessionToken]]);
  });

  it("is read once where the options are wrapped, too", async () => {
    const adapter = new Adapter();
    const { adapter: hooked } = withAuthlog({ adapter: adapter as never, providers: [] });
    await signOut[major]({ adapter: hooked });
    expect(names()).toEqual(["auth.sign_out"]);
    expect(adapter.reads).toBe(1);
  });
});

it("a session that NextAuth itself deletes, past its time, is nobody's sign-out and read once", async () => {
  const adapter = new Adapter();
  adapter.found = { session: { ...row, expires: new Date(0) }, user: bob };
  const session = { strategy: "database" } as const;
  const app = createApp({ providers: [], adapter: adapter as never, session });
  app.cookies.set("authjs.session-token", row.sessionToken);
  await app.get("session");
  expect(names()).toEqual(["auth.session.reject"]);
  expect([adapter.reads, adapter.deleted]).toEqual([1, [row.sessionToken]]);
});
