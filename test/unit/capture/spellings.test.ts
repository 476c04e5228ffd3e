import type { AuthConfig } from "@auth/core";
import Credentials from "@auth/core/providers/credentials";
import GitHub from "@auth/core/providers/github";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuthLogRecord } from "../../../src/slot.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, type Form4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const { records, flushCounted } = watchSlot();

const alice = { id: "7", email: "alice@example.com" };
const password = "white-rabbit";
const client = { clientId: "id", clientSecret: "a client secret" };

/** What NextAuth itself did with a request: nobody else knows what it takes one for. */
const did = { authorize: 0, send: 0, useToken: 0, signOut: 0, logged: 0 };

function authorize(given: Partial<Record<string, unknown>>) {
  did.authorize += 1;
  return given["email"] === alice.email && given["password"] === password ? alice : null;
}

const sendVerificationRequest = (): void => void (did.send += 1);

const shared = {
  adapter: {
    getUserByEmail: () => null,
    createVerificationToken: (token: object) => token,
    useVerificationToken() {
      did.useToken += 1;
      return null;
    },
  },
  session: { strategy: "jwt" },
  events: { signOut: () => void (did.signOut += 1) },
  logger: { error: () => void (did.logged += 1) },
} as const;

const email = { sendVerificationRequest, from: "a@example.com", server: "smtp://127.0.0.1" };

function app4(form: Form4) {
  const providers = [
    providers4.Credentials({ credentials: { email: {}, password: {} }, authorize }),
    providers4.GitHub(client),
    providers4.Email(email),
  ];
  return createApp4({ ...shared, providers }, form);
}

function app5(basePath: string, lazy = false) {
  const mail = { id: "email", type: "email", name: "Email", maxAge: 60, ...email };
  const providers = [Credentials({ credentials: {}, authorize }), GitHub(client), mail];
  return createApp({ ...shared, providers, basePath } as unknown as AuthConfig, { lazy });
}

const apps = {
  "next-auth 4, pages router": () => app4("options"),
  "next-auth 4, pages router, called with a request": () => app4("request"),
  "next-auth 4, app router": () => app4("app"),
  "next-auth 5": () => app5("/api/auth"),
  "next-auth 5, configured at each request": () => app5("/api/auth", true),
  "next-auth 5 at a path like its own": () => app5("/session/callback"),
  "next-auth 5 at a path that is an action": () => app5("/signin"),
} as const;

/** What the one event of a request that was refused has to be. Nobody was asked, so nobody failed. */
function refusalIn([record]: readonly AuthLogRecord[]): unknown[] {
  // But for a link without a token, which both majors call a sign-in that failed.
  const isLink = record?.attributes["auth.failure.reason"] === "verification_invalid";
  return isLink
    ? ["auth.sign_in", false, record.attributes["auth.attempted.identifier"]]
    : ["auth.request.reject", false, undefined];
}

/** A segment in ways in which a client can write it. */
const spelled = (segment: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 24, arbitrary: fc.constant(segment) },
    fc.constantFrom(
      segment.toUpperCase(),
      segment.replace("c", "%63").replace("s", "%73"),
      `${segment}%20`,
      `x/../${segment}`,
      `./${segment}`,
      `/${segment}`,
      `%2e/${segment}`,
      `%2F${segment}`,
    ),
  );

const targets = [
  ["callback", "credentials"],
  ["callback", "credentials"],
  ["callback", "credentials"],
  ["callback", "email"],
  ["callback", "github"],
  ["callback", "nobody"],
  ["callback"],
  ["signin", "email"],
  ["signin", "github"],
  ["signin"],
  ["signout"],
  ["session"],
  ["_log"],
  ["nothing"],
] as const;

const path: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...targets).chain((target) => fc.tuple(...target.map(spelled))),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.array(fc.constantFrom("x", "credentials", "callback", "signout"), { maxLength: 2 }),
    ),
    fc.constantFrom("", "", "/", "//"),
  )
  .map(([target, rest, end]) => [...target, ...rest].join("/") + end);

/** Where a client may be sent that did all right. */
const trap = "?callbackUrl=/api/auth/error?error=AccessDenied";

const request = fc.record({
  path,
  query: fc.constantFrom(
    "",
    "",
    "?error=access_denied",
    "?csrf=true",
    "?error=AccessDenied",
    "?nextauth=signout",
    "?token=t&email=eve@example.com",
    trap,
  ),
  method: fc.constantFrom("GET", "POST", "POST", "POST", "PUT", "HEAD"),
  hasToken: fc.constantFrom(true, true, true, false),
  isSignedIn: fc.boolean(),
  isRight: fc.boolean(),
});

/** Whether next-auth 4 refused, which it says in its answer alone. */
function refused4({ status, location = "" }: { status: number; location?: string | undefined }) {
  const { pathname, search } = new URL(location, "http://localhost:3000");
  if (`?callbackUrl=${pathname}${search}` === trap) return false;
  return status >= 400 || search === "?csrf=true" || /^\/api\/auth\/error$/.test(pathname);
}

describe.each(Object.keys(apps) as (keyof typeof apps)[])("%s", (name) => {
  it(
    "has one event for each attempt that NextAuth saw, and none that it did not, however it is spelled",
    { timeout: 60_000 },
    async () => {
      let asked = 0;
      await fc.assert(
        fc.asyncProperty(request, async ({ path: target, query, method, hasToken, ...given }) => {
          const app = apps[name]();
          if (given.isSignedIn) {
            await app.post("callback/credentials", { email: alice.email, password });
          }
          flushCounted();
          records.length = 0;
          Object.assign(did, { authorize: 0, send: 0, useToken: 0, signOut: 0, logged: 0 });

          const fields = { email: alice.email, password: given.isRight ? password : "wrong" };
          const answer =
            method === "POST" && hasToken
              ? await app.post(target + query, fields)
              : await app.send(method, target + query, { body: fields });
          flushCounted();

          const expected = [
            ...(did.authorize > 0 ? [["auth.sign_in", given.isRight, alice.email]] : []),
            ...(did.useToken > 0
              ? [["auth.sign_in", false, query.includes("eve@") ? "eve@example.com" : undefined]]
              : []),
            ...(did.send > 0 ? [["auth.verification.request", true, alice.email]] : []),
            ...(did.signOut > 0 ? [["auth.sign_out", true, alice.email]] : []),
          ];
          const isRefused = answer instanceof Response ? did.logged > 0 : refused4(answer);
          const summaries = records.map(({ eventName, attributes }) => [
            eventName,
            attributes["auth.outcome"] === "success",
            attributes["user.email"] ?? attributes["auth.attempted.identifier"],
          ]);
          asked += expected.length;
          expect(summaries).toEqual(
            expected.length > 0 ? expected : isRefused ? [refusalIn(records)] : [],
          );
        }),
        { numRuns: 400 },
      );
      expect(asked).toBeGreaterThan(5);
    },
  );
});
