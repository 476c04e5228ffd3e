import Credentials from "@auth/core/providers/credentials";
import GitHub from "@auth/core/providers/github";
import { afterEach, describe, expect, it, vi } from "vitest";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const { records, last, names } = watchSlot();

afterEach(() => vi.restoreAllMocks());

const keys = { clientId: "id", clientSecret: "secret" };
const alice = { id: "7", email: "alice@example.com" };
const authorize = ({ password }: Partial<Record<string, unknown>>) => {
  if (password === "broken") throw new TypeError("fetch failed");
  return password === "right" ? alice : null;
};
const from = { "x-forwarded-for": "192.0.2.77" };

const optionsAlone: typeof withAuthlog = (target) =>
  ((options: object) => (target as (options: object) => unknown)(withAuthlog(options))) as never;
const both: typeof withAuthlog = (target) => optionsAlone(withAuthlog(target));

const types = () => records.map(({ attributes }) => attributes["error.type"]);

describe("options of next-auth 5 that are wrapped, as those of version 4 are,", () => {
  it("and NextAuth too: what only the logger says is captured, as of version 5", async () => {
    const providers = [Credentials({ authorize }), GitHub(keys)];
    const app = createApp({ providers }, { wrap: both });
    await app.send("POST", "callback/credentials", { headers: from });
    await app.get("callback/github?code=1", from);
    await app.post("callback/credentials", { ...alice, password: "broken" });
    await app.post("callback/credentials", { ...alice, password: "right" });
    const [reject, signIn] = ["auth.request.reject", "auth.sign_in"];
    expect(names()).toEqual([reject, reject, signIn, signIn]);
    expect(types()).toEqual(["MissingCSRF", "InvalidCheck", "CallbackRouteError", undefined]);
    expect(last()).toMatchObject({ "auth.framework.version": "5" });
  });

  it("and NextAuth not: an error is printed with its message", async () => {
    const print = vi.spyOn(console, "error").mockImplementation(() => {});
    const config = { providers: [Credentials({ authorize })], logger: undefined };
    await createApp(config as never, { wrap: optionsAlone }).send("POST", "callback/credentials");
    expect(print.mock.calls[0]?.[0]).toContain("MissingCSRF: CSRF token was missing");
  });
});

it("options of next-auth 4 that another copy has wrapped share the attempt of the handler", async () => {
  vi.resetModules();
  const other = await import("../../../src/capture/with-authlog.ts");
  const providers = [providers4.GitHub(keys), providers4.Credentials({ authorize })];
  const app = createApp4(other.withAuthlog({ providers } as never));
  await app.get("callback/github?code=1", from);
  await app.post("callback/credentials", { ...alice, password: "right" }, { headers: from });
  await app.post("signout", {}, { headers: from });
  expect(names()).toEqual(["auth.request.reject", "auth.sign_in", "auth.sign_out"]);
  expect(records[0]?.attributes).toMatchObject({ "auth.failure.reason": "invalid_state" });
  for (const { attributes } of records) {
    expect(attributes).toMatchObject({ "client.address": "192.0.2.77" });
    expect(attributes).toHaveProperty(["url.path"]);
  }
});

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["auth alone", { auth: () => null }],
])("a double of NextAuth that gives %s works as without authlog", (_, made) => {
  expect(withAuthlog((_config: object) => made)({ providers: [] })).toBe(made);
});
