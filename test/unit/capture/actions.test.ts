import Credentials from "@auth/core/providers/credentials";
import GitHub from "@auth/core/providers/github";
import { describe, expect, it } from "vitest";
import type { AppConfig } from "../../../src/capture/app-types.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, type Form4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const { records, flushCounted } = watchSlot();

const client = { clientId: "id", clientSecret: "a client secret" };

const app4 = (form: Form4) =>
  createApp4(
    {
      providers: [
        providers4.Credentials({ credentials: { email: {} }, authorize: () => null }),
        providers4.GitHub(client),
      ] as AppConfig["providers"] & object,
    },
    form,
  );

const app5 = () =>
  createApp({ providers: [Credentials({ authorize: () => null }), GitHub(client)] });

const apps = {
  "next-auth 4, pages router": () => app4("options"),
  "next-auth 4, app router": () => app4("app"),
  "next-auth 5": app5,
} as const;

/** How a request is sent: the fourth is a form without a CSRF token. */
const ways = ["GET", "POST", "unsafe POST", "PUT", "HEAD"] as const;

/** `error.type` of the one event that each request gives; `""` where it gives none. */
type Row = readonly [get: string, post: string, unsafe: string];

const action = "UnknownAction";
const provider = "UnknownProvider";
const none = "InvalidProvider";
const csrf = "MissingCSRF";
const noRoute = "MISSING_NEXTAUTH_API_ROUTE_ERROR";
const wrong = "CredentialsSignin";
const state4 = "OAUTH_CALLBACK_ERROR";
const state5 = "InvalidCheck";

const all = (type: string): Row => [type, type, type];

/** What both majors make of each path. Another method than GET and POST is an unknown action to either. */
const table: Readonly<Record<string, readonly [v4: Row, v5: Row]>> = {
  "": [all(noRoute), all(action)],
  nothing: [all(action), all(action)],
  "alice@example.com": [all(action), all(action)],
  // Next-auth 4 takes a log entry from anybody.
  _log: [[action, "", ""], all(action)],
  csrf: [
    ["", action, action],
    ["", action, action],
  ],
  error: [
    ["", action, action],
    ["", action, action],
  ],
  providers: [
    ["", action, action],
    ["", action, action],
  ],
  "verify-request": [
    ["", action, action],
    ["", action, action],
  ],
  session: [
    ["", "", csrf],
    ["", "", csrf],
  ],
  signout: [
    ["", "", csrf],
    ["", "", csrf],
  ],
  // Without a provider next-auth 4 asks for a CSRF token, even beside one that is good.
  signin: [
    ["", none, none],
    ["", "", csrf],
  ],
  "signin/credentials": [
    ["", "", csrf],
    [action, "", csrf],
  ],
  "signin/github": [
    ["", "", csrf],
    [action, "", csrf],
  ],
  // Next-auth 4 shows its page then.
  "signin/nobody": [["", provider, provider], all(provider)],
  callback: [all(none), all(none)],
  "callback/nobody": [all(provider), all(provider)],
  "callback/credentials": [
    [none, wrong, csrf],
    [none, wrong, csrf],
  ],
  "callback/github": [all(state4), all(state5)],
  "webauthn-options": [all(action), ["MissingAdapter", action, action]],
  "webauthn-options/nobody": [all(action), all(provider)],
  // What follows is nothing to next-auth 4, and much to Auth.js.
  "session/x": [["", "", csrf], all(action)],
  "signout/x": [["", "", csrf], all(action)],
  "callback/credentials/x": [[none, wrong, csrf], all(action)],
};

describe.each(Object.keys(apps) as (keyof typeof apps)[])("%s", (name) => {
  it.each(Object.keys(table))(
    "what it refuses of /%s is one event, and what it answers none",
    async (path) => {
      const [get, post, unsafe] = table[path]?.[name === "next-auth 5" ? 1 : 0] ?? all("");
      const seen = [];
      for (const way of ways) {
        records.length = 0;
        const app = apps[name]();
        await (way === "POST" ? app.post(path) : app.send(way.replace("unsafe ", ""), path));
        flushCounted();
        expect(records.length).toBeLessThan(2);
        const { eventName, attributes } = records[0] ?? {};
        const type = attributes?.["error.type"] ?? "";
        expect(eventName).toBe(
          type === "" ? undefined : type === wrong ? "auth.sign_in" : "auth.request.reject",
        );
        seen.push(type);
      }
      const other = get === noRoute ? noRoute : action;
      expect(seen).toEqual([get, post, unsafe, other, other]);
    },
  );
});
