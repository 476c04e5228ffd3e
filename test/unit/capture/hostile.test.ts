import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppConfig, AppFunction } from "../../../src/capture/app-types.ts";
import { authJs } from "../../../src/capture/auth-js/framework.ts";
import { claimOfCredentials } from "../../../src/capture/claimed-identity.ts";
import type { Capture } from "../../../src/capture/framework.ts";
import { withHooks } from "../../../src/capture/hooks.ts";
import { nextAuth4 } from "../../../src/capture/next-auth-v4/framework.ts";
import { runHandler } from "../../../src/capture/next-auth-v4/handler.ts";
import { toLogRecord } from "../../../src/event/to-log-record.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import type { AuthlogOptions } from "../../../src/setup/authlog-options.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { type AuthLogRecord, getSlot } from "../../../src/slot.ts";
import { attributes, eventNames } from "../../../src/vocabulary.ts";
import { watchSlot } from "../../support/slot.ts";
import { canary, hostileHeaders, hostileObject, hostileUrl, type Recipe } from "./arbitraries.ts";

const watched = watchSlot();

const pseudonymKey = `k1:${"5e".repeat(16)}`;
const settings: Readonly<Record<string, AuthlogOptions>> = {
  "the defaults": { sessionRead: 1 },
  "a key": { privacy: { pseudonymKey }, clientAddress: { trustedProxies: 2 }, sessionRead: 1 },
  "pseudonyms of everything": {
    privacy: {
      pseudonymKey,
      pseudonymize: [
        "user.id",
        "user.email",
        "user.full_name",
        "auth.attempted.identifier",
        "client.address",
        "user_agent.original",
      ],
    },
    clientAddress: { header: "host" },
    sessionRead: 1,
  },
};

const names: ReadonlySet<string> = new Set(Object.values(eventNames));
const known: ReadonlySet<string> = new Set(Object.values(attributes));
const caps: Readonly<Record<string, number>> = {
  [attributes.userAgent]: 512,
  [attributes.urlPath]: 512,
  [attributes.requestMethod]: 16,
  [attributes.errorType]: 64,
};

// oxlint-disable-next-line no-control-regex -- to find control characters is what it is for
const control = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** Events that some of the material must have become: else nothing was looked at. */
const expected = [
  eventNames.requestReject,
  eventNames.sessionRead,
  eventNames.sessionReject,
  eventNames.signIn,
  eventNames.userCreate,
];

/** Everything that is wrong with a record. */
function faultsOf({ eventName, timeUnixMillis, body, attributes: values }: AuthLogRecord): unknown {
  const texts = Object.entries(values).flatMap(([name, value]) =>
    [value].flat().map((text) => [name, text] as const),
  );
  return {
    name: names.has(eventName) ? [] : [eventName],
    time: Number.isFinite(timeUnixMillis) ? [] : [timeUnixMillis],
    body: control.test(body) || !body.isWellFormed() || body.length > 600 ? [body] : [],
    unknown: Object.keys(values).filter((name) => !known.has(name)),
    types: texts.filter(([, value]) => !["string", "number", "boolean"].includes(typeof value)),
    long: texts.filter(([name, text]) => String(text).length > (caps[name] ?? 256)),
    garbled: texts.filter(([, text]) => control.test(String(text)) || !String(text).isWellFormed()),
  };
}

const faultless = {
  name: [],
  time: [],
  body: [],
  unknown: [],
  types: [],
  long: [],
  garbled: [],
};

/** What a function of the app's came to: its value, or that it failed. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return [await call()];
  } catch {
    return "failed";
  }
}

function clear(): void {
  watched.records.length = 0;
  watched.diagnostics.length = 0;
  // Else what is shown once a minute would be looked at only once.
  getSlot().diagnostics.clear();
}

interface Material {
  url: Recipe;
  headers: Recipe;
  /** What the app's functions return, and NextAuth hands over. */
  given: Recipe[];
  verdict: unknown;
}

const material: fc.Arbitrary<Material> = fc.record({
  url: hostileUrl,
  headers: hostileHeaders,
  given: fc.array(hostileObject, { minLength: 6, maxLength: 6 }),
  verdict: fc.constantFrom<unknown>(true, false, "/elsewhere", undefined, null, {}),
});

/** Runs every hook on the material; gives each one's outcome beside that of the app's own function. */
async function runHooks(
  framework: Capture["framework"],
  { verdict, ...recipes }: Material,
): Promise<[seen: unknown, own: unknown][]> {
  const given = recipes.given.map((make) => make());
  const [user, account, profile, credentials, token, session] = given;
  const app = {
    providers: [
      { id: "credentials", type: "credentials", authorize: () => user },
      { id: "email", type: "email", sendVerificationRequest: () => undefined },
      () => account,
      profile,
    ],
    adapter: { getSessionAndUser: () => session, createSession: () => token },
    events: { signIn: () => user },
    callbacks: { signIn: () => verdict, jwt: () => token },
    logger: { error: () => session },
  };
  const capture: Capture = { framework, providers: new Map() };
  const hooked = withHooks(app as unknown as AppConfig, capture);
  const outcomes: [unknown, unknown][] = [];
  const ask = async (wrapped: unknown, own: AppFunction, ...args: unknown[]): Promise<void> => {
    outcomes.push([
      await outcomeOf(() => (wrapped as AppFunction)(...args)),
      await outcomeOf(() => own()),
    ]);
  };
  const [first, second, third] = (hooked.providers ?? []) as Record<string, unknown>[];
  const message = { user, account, profile, token, session, isNewUser: profile };
  const run = async (): Promise<string> => {
    await ask(first?.["authorize"], () => user, credentials, {});
    await ask(second?.["sendVerificationRequest"], () => undefined, credentials);
    // A provider is copied, where it can be, to put the hooks in.
    await ask(
      () => void (third as unknown as AppFunction)(),
      () => undefined,
    );
    await ask(hooked.adapter?.["createSession"], () => token, session);
    await ask(hooked.adapter?.["getSessionAndUser"], () => session, `${canary}-session`);
    await ask(hooked.callbacks?.["signIn"], () => verdict, message);
    await ask(hooked.callbacks?.["jwt"], () => token, message);
    for (const error of [...given, Object.assign(new Error(`${canary}-message`), { cause: user })])
      await ask(hooked.logger?.["error"], () => session, error, credentials);
    await ask(hooked.logger?.["error"], () => session, "JWT_SESSION_ERROR", account);
    for (const name of Object.keys(hooked.events ?? {})) {
      const own = name === "signIn" ? () => user : () => undefined;
      await ask(hooked.events?.[name], own, message);
      await ask(hooked.events?.[name], own, session);
    }
    return "answered";
  };
  const refuse = async (): Promise<string> => {
    const error = framework === authJs ? { type: "MissingCSRF" } : "INVALID_CALLBACK_URL_ERROR";
    await ask(hooked.logger?.["error"], () => session, error, account);
    return "answered";
  };
  const request = { method: "POST", url: recipes.url(), headers: recipes.headers() };
  for (const attempt of [run, refuse]) {
    const answer = runHandler([request, session], capture, attempt);
    outcomes.push([await outcomeOf(() => answer), ["answered"]]);
  }
  // Also outside of any request.
  outcomes.push([await outcomeOf(run), ["answered"]]);
  return outcomes;
}

/** Whether two outcomes are the same: the very same value, or both a failure. */
function isSame([seen, own]: [unknown, unknown]): boolean {
  return Array.isArray(seen) && Array.isArray(own) ? Object.is(seen[0], own[0]) : seen === own;
}

describe.each(Object.keys(settings))("with %s, whatever is handed over", (name) => {
  it.each([
    ["4", nextAuth4],
    ["5", authJs],
  ])(
    "through the hooks of next-auth %s harms nobody",
    { timeout: 60_000 },
    async (_, framework) => {
      const seen = new Set<string>();
      await fc.assert(
        fc
          .asyncProperty(material, async (given) => {
            const outcomes = await runHooks(framework, given);
            // What happens outside of a request is told once Next.js was asked for one.
            await setImmediate();
            getSlot().tellers.forEach((tell) => tell());
            expect(outcomes.filter((pair) => !isSame(pair))).toHaveLength(0);
            for (const record of watched.records) expect(faultsOf(record)).toEqual(faultless);
            expect(JSON.stringify(watched.records)).not.toContain(canary);
            expect(JSON.stringify(watched.diagnostics)).not.toContain(canary);
            for (const { eventName } of watched.records) seen.add(eventName);
          })
          .beforeEach(() => {
            clear();
            installCaptureSettings(resolveConfig(settings[name], {}));
          }),
        { numRuns: 100 },
      );
      expect([...seen]).toEqual(expect.arrayContaining(expected));
    },
  );
});

/** The record of a failed attempt with these credentials, as text. */
function recordOf(credentials: object): string {
  const claim = claimOfCredentials(credentials);
  return JSON.stringify(
    toLogRecord(
      {
        name: eventNames.signIn,
        timeUnixMillis: 0,
        ...(claim !== undefined && { attemptedIdentifier: claim }),
        framework: { name: "next-auth", version: "5" },
      },
      { uid: "0", producerId: "p", sequence: 1 },
      getSlot().capture?.tell,
    ),
  );
}

describe("a password typed in the user-name field", () => {
  const password = fc
    .tuple(fc.nat(), fc.constantFrom("", "@", "@home", " ", "ä", ":", "@example.c0m"))
    .map(([n, rest]) => `${canary}-${n}${rest}`);
  const field = fc.constantFrom("email", "username", "login");

  it.each(Object.keys(settings))("is in no record, with %s", { timeout: 60_000 }, (name) => {
    installCaptureSettings(resolveConfig(settings[name], {}));
    fc.assert(
      fc.property(field, password, fc.string(), (where, typed, other) => {
        expect(recordOf({ [where]: typed, password: other })).not.toContain(canary);
        const both = `${typed}@example.com`;
        expect(recordOf({ [where]: both, password: both })).not.toMatch(/c4n4ry|hmac/);
      }),
    );
  });
});
