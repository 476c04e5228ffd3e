import Credentials from "@auth/core/providers/credentials";
import { describe, expect, it } from "vitest";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

const password = "correct horse";
const authorize = (given: Partial<Record<string, unknown>>) =>
  given["password"] === password ? { id: "7", email: "alice@example.com" } : null;

const unwrapped: typeof withAuthlog = (target) => target;
const optionsAlone: typeof withAuthlog = (target) =>
  ((options: object) => (target as (options: object) => unknown)(withAuthlog(options))) as never;

/** As next-auth 5 is when it is given a function: that is asked at each request. */
const lazily: typeof withAuthlog = (target) => {
  type App = { handlers: Record<"GET" | "POST", (request: unknown) => unknown> };
  const nextAuth = target as unknown as (config: object) => App;
  const handle = (load: () => Promise<object>) => async (request: Request) =>
    nextAuth(await load()).handlers[request.method as "GET"](request);
  const wrapped = withAuthlog((load: () => Promise<object>) => ({
    handlers: { GET: handle(load), POST: handle(load) },
  }));
  return ((config: object) => wrapped(() => Promise.resolve(config))) as never;
};

/** What a visitor sees of a wrong password and of the right one. */
async function visit(
  major: "4" | "5",
  config: object,
  wrap: typeof withAuthlog = withAuthlog,
): Promise<unknown[]> {
  const provider =
    major === "4" ? providers4.Credentials({ authorize }) : Credentials({ authorize });
  const whole = { providers: [provider], ...config } as never;
  const app = major === "4" ? createApp4(whole, "options", wrap) : createApp(whole, { wrap });
  const seen: unknown[] = [];
  for (const typed of ["wrong", password]) {
    try {
      const fields = { email: "alice@example.com", password: typed };
      const answer = await app.post("callback/credentials", fields);
      const location =
        answer instanceof Response ? answer.headers.get("location") : answer.location;
      seen.push([answer.status, location]);
    } catch (error) {
      seen.push(String(error));
    }
  }
  return seen;
}

/** An object with a member that throws when it is read. */
const throwing = (name: string, enumerable: boolean): object =>
  Object.defineProperty({}, name, {
    enumerable,
    get() {
      throw new Error("not now");
    },
  });

const unlistable = new Proxy(
  {},
  {
    ownKeys() {
      throw new Error("not for you");
    },
  },
);

class Methods {
  signIn(): boolean {
    throw new Error("NextAuth calls no method of a prototype");
  }
  getSessionAndUser(): void {}
  createSession(): void {}
}

const odd: readonly [string, object][] = [
  ["events that are null", { events: null }],
  ["callbacks that are null", { callbacks: null }],
  ["an adapter that is null", { adapter: null }],
  ["a logger without error", { logger: { error: null, warn() {}, debug() {} } }],
  ["a logger whose error is false", { logger: { error: false } }],
  ["null in its events", { events: { signIn: null, session: null } }],
  ["undefined in its events", { events: { signIn: undefined } }],
  ["a text in its events", { events: { createUser: "no", signIn: "no" } }],
  ["null in its callbacks", { callbacks: { session: null } }],
  ["a jwt callback that is none", { callbacks: { jwt: null } }],
  ["a signIn callback that is null", { callbacks: { signIn: null } }],
  ["a signIn callback that is undefined", { callbacks: { signIn: undefined } }],
  ["null in its adapter", { adapter: { getSessionAndUser: null }, session: { strategy: "jwt" } }],
  ["events of a class", { events: new Methods() }],
  ["callbacks of a class", { callbacks: new Methods() }],
  ["frozen objects", { events: Object.freeze({}), callbacks: Object.freeze({}) }],
  ["a member that is hidden, and throws", { events: throwing("signIn", false) }],
  ["events that are a text", { events: "none" }],
  ["events that are a function", { events: () => {} }],
  ["events that are false", { events: false }],
];

describe.each(["4", "5"] as const)("with next-auth %s,", (major) => {
  it.each(odd)("%s: it works as without authlog, and is captured", async (_, config) => {
    const expected = await visit(major, config, unwrapped);
    expect(watched.records).toEqual([]);
    expect(await visit(major, config)).toEqual(expected);
    expect(watched.names()).toEqual(["auth.sign_in", "auth.sign_in"]);
    expect(watched.records[0]?.attributes).toMatchObject({
      "auth.failure.reason": "invalid_credentials",
      "auth.attempted.identifier": "alice@example.com",
    });
    expect(watched.diagnostics).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["events that throw", { events: throwing("signIn", true) }, "events.signIn"],
    ["callbacks that throw", { callbacks: throwing("signIn", true) }, "callbacks.signIn"],
    ["a logger that throws", { logger: throwing("error", true) }, "logger"],
    ["events that cannot be listed", { events: unlistable }, "events"],
    ["providers that are null", { providers: null }, ""],
    ["a provider that is null", { providers: [null] }, "providers[0]"],
  ])(
    "%s: it fails as without authlog, and what cannot be hooked is named",
    async (_, config, place) => {
      const expected = await visit(major, config, unwrapped).catch(String);
      expect(await visit(major, config).catch(String)).toEqual(expected);
      const said = watched.diagnostics.filter(({ code }) => code === "ERR_AUTHLOG_HOOK_FAILED");
      expect(said).toHaveLength(place === "" ? 0 : 1);
      expect(said.map(({ message }) => message).join("")).toContain(place);
    },
  );
});

it.each(odd)(
  "next-auth 4, given wrapped options with %s, works as without authlog, and is captured",
  async (name, config) => {
    const expected = await visit("4", config, unwrapped);
    expect(await visit("4", config, optionsAlone)).toEqual(expected);
    // A session that cannot be made shows in the handler's answer alone, and that handler is not ours.
    const second = name === "a jwt callback that is none" ? [] : ["auth.sign_in"];
    expect(watched.names()).toEqual(["auth.sign_in", ...second]);
  },
);

it("a logger that is null is none for next-auth 5", async () => {
  const expected = await visit("5", { logger: null }, unwrapped);
  expect(await visit("5", { logger: null })).toEqual(expected);
  expect(watched.names()).toEqual(["auth.sign_in", "auth.sign_in"]);
});

it("a lazy configuration with null in it is captured", async () => {
  const expected = await visit("5", {}, unwrapped);
  const config = { events: null, callbacks: null, adapter: null };
  expect(await visit("5", config, lazily)).toEqual(expected);
  expect(watched.names()).toEqual(["auth.sign_in", "auth.sign_in"]);
});

it("a configuration of a class, with getters, keeps what it has", async () => {
  class Config {
    secret = "a secret of the test";
    trustHost = true;
    basePath = "/api/auth";
    get providers() {
      return [Credentials({ authorize })];
    }
    get pages() {
      return { signIn: "/own-page" };
    }
  }
  const asIs = (target: never) => () =>
    (withAuthlog(target) as (config: object) => object)(new Config());
  const [wrong] = await visit("5", {}, asIs as never);
  expect(JSON.stringify(wrong)).toContain("/own-page");
  expect(watched.names()).toEqual(["auth.sign_in", "auth.sign_in"]);
});
