import Credentials from "@auth/core/providers/credentials";
import { describe, expect, it } from "vitest";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { createApp } from "../../support/auth-js.ts";
import { watchSlot } from "../../support/slot.ts";

const { names, last, diagnostics } = watchSlot();

const fault = new Error("the tenant's database is away");

/** An Auth.js whose lazy configuration throws from its call `from` on. */
function brokenApp(from: number) {
  let calls = 0;
  const wrap = ((nextAuth: never) => (config: () => unknown) => {
    const load = (): unknown => {
      calls += 1;
      if (calls >= from) throw fault;
      return config();
    };
    return (withAuthlog(nextAuth) as (lazy: unknown) => unknown)(load);
  }) as typeof withAuthlog;
  return createApp({ providers: [Credentials({ authorize: () => null })] }, { lazy: true, wrap });
}

const failed = {
  "auth.outcome": "failure",
  "auth.failure.reason": "unknown",
  "error.type": "HandlerError",
};

describe("a configuration of Auth.js that throws", () => {
  it.each(["callback/credentials", "signout"])("at POST %s leaves one event", async (path) => {
    const name = path === "signout" ? "auth.sign_out" : "auth.sign_in";
    await expect(brokenApp(2).post(path)).rejects.toBe(fault);
    expect(names()).toEqual([name]);
    expect(last()).toMatchObject({ ...failed, "url.path": `/api/auth/${path}` });
  });

  it("in a server action leaves one event", async () => {
    await expect(brokenApp(1).signIn("credentials", {})).rejects.toBe(fault);
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject(failed);
  });

  it("is no event where nothing was attempted", async () => {
    await expect(brokenApp(1).get("session")).rejects.toBe(fault);
    expect(names()).toEqual([]);
  });
});

it("a server action that redirects to a provider is no event", async () => {
  const redirect = Object.assign(new Error("NEXT_REDIRECT"), {
    digest: "NEXT_REDIRECT;push;https://github.com/login;307;",
  });
  const { signIn } = withAuthlog((_config: object) => ({
    handlers: { GET() {}, POST() {} },
    signIn: () => Promise.reject(redirect),
    signOut() {},
  }))({});
  await expect(signIn()).rejects.toBe(redirect);
  expect(names()).toEqual([]);
  expect(diagnostics).toEqual([]);
});
