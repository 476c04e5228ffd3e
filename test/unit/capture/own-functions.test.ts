import { describe, expect, it } from "vitest";
import type { AppConfig, AppFunction, ProviderObject } from "../../../src/capture/app-types.ts";
import { authJs } from "../../../src/capture/auth-js/framework.ts";
import { withHooks } from "../../../src/capture/hooks.ts";
import { nextAuth4 } from "../../../src/capture/next-auth-v4/framework.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

/** Where a function of the app's is put into a configuration, and where NextAuth then finds it. */
interface Place {
  put: (app: AppFunction) => AppConfig;
  find: (config: AppConfig) => unknown;
}

const inGroup = (
  group: "events" | "callbacks" | "logger" | "adapter",
  names: readonly string[],
): [string, Place][] =>
  names.map((name) => [
    `${name} of its ${group}`,
    { put: (app) => ({ [group]: { [name]: app } }), find: (config) => config[group]?.[name] },
  ]);

const inProvider = (name: "authorize" | "sendVerificationRequest"): [string, Place] => [
  `${name} of a provider`,
  {
    put: (app) => ({ providers: [{ [name]: app }] }),
    find: ({ providers = [] }) => (providers[0] as ProviderObject)[name],
  },
];

/** Every function that capture runs in front of, or behind, and some that it does not. */
const places: readonly [string, Place][] = [
  ...inGroup("events", ["signIn", "signOut", "createUser", "updateUser", "linkAccount", "session"]),
  ...inGroup("callbacks", ["signIn", "redirect", "jwt", "session"]),
  ...inGroup("logger", ["error", "warn", "debug"]),
  ...inGroup("adapter", ["getSessionAndUser", "createSession", "getUser"]),
  inProvider("authorize"),
  inProvider("sendVerificationRequest"),
];

describe.each([
  ["next-auth 5", authJs],
  ["next-auth 4", nextAuth4],
] as const)("with %s", (_, framework) => {
  describe.each(places)("an app's %s", (_name, { put, find }) => {
    const hooked = (app: AppFunction): AppFunction =>
      find(withHooks(put(app), { framework, providers: new Map() })) as AppFunction;

    it("has its own this, arguments and result", async () => {
      const app = hooked(function own(this: unknown, ...args: unknown[]) {
        return { self: this, args };
      });
      const owner = {};
      const message = { user: { id: "7" } };
      const result = (await app.call(owner, message, "more")) as { self: unknown; args: unknown[] };
      expect(result.self).toBe(owner);
      expect(result.args).toHaveLength(2);
      expect(result.args[0]).toBe(message);
    });

    it("throws what it throws", async () => {
      const own = new Error("the app's own");
      const app = hooked(() => {
        throw own;
      });
      await expect((async () => app({}))()).rejects.toBe(own);
      expect(watched.diagnostics).toEqual([]);
    });
  });

  it("the app's own object is left as it was", () => {
    const config = Object.freeze({
      providers: Object.freeze([Object.freeze({ id: "own", authorize: () => null })]) as never,
      events: Object.freeze({}),
      callbacks: Object.freeze({ jwt: () => null }),
      logger: Object.freeze({}),
      adapter: Object.freeze({ getSessionAndUser: () => null }),
    });
    expect(withHooks(config, { framework, providers: new Map() })).not.toBe(config);
  });
});
