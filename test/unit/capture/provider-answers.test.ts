import { createRequire } from "node:module";
import type { AuthConfig } from "@auth/core";
import Credentials from "@auth/core/providers/credentials";
import GitHub from "@auth/core/providers/github";
import { describe, expect, it } from "vitest";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, type Form4, providers4, secret4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const { names, last, records, flushCounted } = watchSlot();

const client = { clientId: "id", clientSecret: "a client secret" };

/** An app with the providers `github` and `hub`, which never get as far as asking GitHub. */
interface Subject {
  cookies: Map<string, string>;
  /** @returns where the person is sent to sign in, and the `state` in it */
  begin(provider: string): Promise<string>;
  /** What the provider sends the person back with: in the address, or in a form. */
  answer(answer: Record<string, string>, how?: "query" | "form"): Promise<unknown>;
}

type Make = (options: { checks?: string[]; formPost?: boolean; config?: object }) => Subject;

const stateOf = (location: string | null | undefined): string =>
  new URL(location ?? "").searchParams.get("state") ?? "";

const make4 =
  (form: Form4): Make =>
  ({ checks, config }) => {
    const common = { ...client, ...(checks && { checks }) };
    const providers = [providers4.GitHub(common), providers4.GitHub({ ...common, id: "hub" })];
    const app = createApp4({ providers, ...config }, form);
    return {
      cookies: app.cookies,
      begin: async (provider) => stateOf((await app.post(`signin/${provider}`)).location),
      answer: (fields, how = "query") =>
        how === "query"
          ? app.get(`callback/github?${String(new URLSearchParams(fields))}`)
          : app.send("POST", "callback/github", { body: fields }),
    };
  };

const make5: Make = ({ checks = ["state"], formPost = false, config }) => {
  const common = {
    ...client,
    checks: checks as ["state"],
    ...(formPost && { authorization: { params: { response_mode: "form_post" } } }),
  };
  const app = createApp({
    providers: [GitHub(common), GitHub({ ...common, id: "hub" })],
    ...(config as Partial<AuthConfig>),
  });
  return {
    cookies: app.cookies,
    begin: async (provider) =>
      stateOf((await app.post(`signin/${provider}`)).headers.get("location")),
    answer: (fields, how = "query") =>
      how === "query"
        ? app.get(`callback/github?${String(new URLSearchParams(fields))}`)
        : app.send("POST", "callback/github", { body: fields }),
  };
};

const makes = {
  "next-auth 4, pages router": make4("options"),
  "next-auth 4, app router": make4("app"),
  "next-auth 5": make5,
} as const;

/** Changes what a cookie holds, and not how it looks. */
function tamper({ cookies }: Subject, part: string): void {
  const [name, value] = [...cookies].find(([called]) => called.endsWith(part)) ?? ["", ""];
  const at = value.length - 30;
  cookies.set(name, value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1));
}

const refused = { "auth.failure.reason": "access_denied", "auth.provider.id": "github" };
const invalid = { "auth.failure.reason": "invalid_state", "auth.provider.id": "github" };

describe.each(Object.keys(makes) as (keyof typeof makes)[])("%s", (name) => {
  const make: Make = (options) => {
    const app = makes[name](options);
    // These try no identity, so that after a few they are counted only.
    return { ...app, answer: async (...given) => [await app.answer(...given), flushCounted()] };
  };

  it.each([
    "access_denied",
    "consent_required",
    "login_required",
    "interaction_required",
    "account_selection_required",
    "user_cancelled_authorize",
    "user_cancelled_login",
  ])("a provider that answers %s says that the person refused", async (error) => {
    for (const how of ["query", "form"] as const) {
      const app = make({ formPost: how === "form" });
      await app.answer({ error, state: await app.begin("github") }, how);
      expect(last()).toMatchObject(refused);
    }
    expect(names()).toEqual(["auth.sign_in", "auth.sign_in"]);
  });

  it.each(["server_error", "state", "constructor"])(
    "a provider that answers %s failed",
    async (error) => {
      for (const how of ["query", "form"] as const) {
        const app = make({ formPost: how === "form" });
        await app.answer({ error, state: await app.begin("github") }, how);
        expect(last()).toMatchObject({ "auth.failure.reason": "provider_error" });
      }
      expect(names()).toEqual(["auth.sign_in", "auth.sign_in"]);
    },
  );

  it.each<[string, (app: Subject, state: string) => Record<string, string>]>([
    ["without a state cookie", (app, state) => (app.cookies.clear(), { state })],
    ["without a state", () => ({})],
    ["with another state", () => ({ state: "another" })],
    ["with a state cookie that was changed", (app, state) => (tamper(app, "state"), { state })],
    [
      "with a state cookie that is none",
      (app, state) => (
        app.cookies.set([...app.cookies.keys()].at(-1) ?? "", "a.b.c.d.e"),
        { state }
      ),
    ],
  ])("an answer %s says nothing, whatever error the client puts into it", async (_, change) => {
    for (const how of ["query", "form"] as const) {
      for (const error of ["access_denied", "server_error"]) {
        const app = make({ formPost: how === "form" });
        const state = await app.begin("github");
        await app.answer({ error, ...change(app, state) }, how);
        expect(names()).toEqual(["auth.request.reject"]);
        expect(last()).toMatchObject(invalid);
        records.length = 0;
      }
    }
  });

  it("an answer to a sign-in with another provider says nothing", async () => {
    const app = make({});
    await app.answer({ error: "access_denied", state: await app.begin("hub") });
    expect(names()).toEqual(["auth.request.reject"]);
    expect(last()).toMatchObject(invalid);
  });

  it("an answer to nobody's sign-in says nothing, where the provider has another check alone", async () => {
    const app = make({ checks: ["pkce"] });
    await app.answer({ error: "access_denied" });
    expect(names()).toEqual(["auth.request.reject"]);
    await app.begin("github");
    await app.answer({ error: "access_denied" });
    expect(names()).toEqual(["auth.request.reject", "auth.sign_in"]);
    expect(last()).toMatchObject(refused);
  });

  it("an error of which the app checks nothing is a failure of no more than the provider", async () => {
    await make({ checks: ["none"] }).answer({ error: "access_denied" });
    expect(names()).toEqual(["auth.sign_in"]);
    expect(last()).toMatchObject({ "auth.failure.reason": "provider_error" });
  });

  it.each(["state", "pkce.code_verifier", ...(name === "next-auth 5" ? [] : ["nonce"])])(
    "a code beside a %s cookie that was changed is no answer to a sign-in",
    async (cookie) => {
      const checks = name === "next-auth 5" ? ["state", "pkce"] : ["state", "pkce", "nonce"];
      const app = make({ checks });
      const state = await app.begin("github");
      tamper(app, cookie);
      await app.answer({ code: "1", state });
      expect(names()).toEqual(["auth.request.reject"]);
      expect(last()).toMatchObject(invalid);
    },
  );

  it("a cookie of another name, and a secret for tokens alone, are found", async () => {
    const cookies = { state: { name: "own-state", options: { path: "/" } } };
    const app = make({ config: { cookies, jwt: { secret: "a secret for tokens alone" } } });
    const state = await app.begin("github");
    expect(app.cookies.has("own-state")).toBe(true);
    await app.answer({ error: "access_denied", state });
    expect(last()).toMatchObject(refused);
  });

  it("a form that is too long to be read twice is NextAuth's all the same", async () => {
    const app = make({ formPost: true });
    const fields = { padding: "x".repeat(100_000), error: "access_denied" };
    await app.answer({ ...fields, state: await app.begin("github") }, "form");
    expect(names()).toHaveLength(1);
    expect(last()).toMatchObject({ "auth.outcome": "failure", "auth.provider.id": "github" });
  });
});

it("a state cookie of next-auth 4 that is past its time proves nothing", async () => {
  const jwt = createRequire(
    new URL("../../../examples/next-auth-v4/package.json", import.meta.url),
  )("next-auth/jwt") as { encode: (params: object) => Promise<string> };
  const app = make4("options")({});
  const state = await app.begin("github");
  const params = {
    secret: secret4,
    salt: "next-auth.state",
    token: { value: state, provider: "github" },
  };
  for (const [maxAge, reason] of [
    [60, "access_denied"],
    [-60, "invalid_state"],
  ] as const) {
    app.cookies.set("next-auth.state", await jwt.encode({ ...params, maxAge }));
    await app.answer({ error: "access_denied", state });
    flushCounted();
    expect(last()).toMatchObject({ "auth.failure.reason": reason });
  }
});

const authorize = () => Promise.reject(new Error("secret detail"));

describe("an error in the address of a sign-in by password", () => {
  const fields = { email: "alice@example.com" };

  it.each([
    [
      "next-auth 4",
      () =>
        createApp4({
          providers: [providers4.Credentials({ credentials: { email: {} }, authorize }) as never],
        }),
    ],
    [
      "next-auth 5",
      () => createApp({ providers: [Credentials({ credentials: { email: {} }, authorize })] }),
    ],
  ])("is nobody's refusal, in %s", async (_, make) => {
    for (const path of ["callback/credentials", "callback/credentials?error=access_denied"]) {
      await make().post(path, fields);
    }
    expect(names()).toEqual(["auth.sign_in", "auth.sign_in"]);
    expect(records[1]?.attributes["auth.failure.reason"]).toBe(
      records[0]?.attributes["auth.failure.reason"],
    );
  });
});
