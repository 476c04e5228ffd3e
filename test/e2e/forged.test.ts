import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { startIdentity } from "../../examples/identity/start-identity.ts";
import { builtApp, type BuiltApp, example } from "./support/built-app.ts";
import { flood, type ForgedRequest } from "./support/flood.ts";
import { type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";
import { until } from "./support/until.ts";
import { Visitor } from "./support/visitor.ts";

/** A hundred thousand take minutes, so they are for those who ask for them. */
const long = process.env["TEST_AUTHLOG_LONG"] === "1";
const count = long ? 100_000 : 5_000;
const withinMillis = long ? 1_800_000 : 240_000;
const connections = 16;

/**
 * What the server may keep: not much more than it needs to start. Beyond, V8 ends it, so that whatever
 * is kept for each request shows.
 */
const heapMegabytes = 256;
const mostResidentBytes = 512 * 1024 * 1024;

const rejects = new Set(["auth.request.reject", "auth.session.reject"]);

describe.each([
  { name: "auth-js-v5", cookie: "authjs.session-token" },
  { name: "next-auth-v4", cookie: "next-auth.session-token" },
])("a flood of forged requests on $name", ({ name, cookie }) => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack", example(name));
  });

  it(
    "drowns no real attempt, is counted to the last one, and fills no memory",
    async () => {
      await using ledger = await temporaryLedger();
      await using identity = await startIdentity({ people: [] });
      await using app = await startApp(built, {
        ...ledger.settings,
        ...identity.settings,
        NEXTAUTH_SECRET: "a-secret-for-tests-alone",
        DATABASE_PATH: join(ledger.folder, "users.db"),
        NODE_OPTIONS: `--max-old-space-size=${heapMegabytes}`,
      });
      let peakBytes = 0;
      const flooding = flood({
        url: app.url,
        count,
        connections,
        forge: (n) => forge(n, cookie),
        onAnswer(answered) {
          if (answered % 500 === 0) peakBytes = Math.max(peakBytes, app.residentBytes());
        },
      });
      const flooded = new AbortController();
      void flooding.finally(() => flooded.abort());

      const expected = new Map<string, string>();
      for (let n = 0; !flooded.signal.aborted; n += 1) {
        const visitor = new Visitor({ url: app.url, identity, address: `198.51.100.${n % 250}` });
        const [email, password, outcome] = realAttempt(n);
        await visitor.signIn(email, password);
        expected.set(visitor.traceId, `${email} ${outcome}`);
      }
      await flooding;
      expect(expected.size).toBeGreaterThan(10);

      const events = await until(
        "the last of the forged requests to be counted",
        async () => {
          const found = await provenEvents(ledger);
          return forgedIn(found) < count ? undefined : found;
        },
        60_000,
      );
      expect(forgedIn(events)).toBe(count);
      const real = events.filter(({ action }) => !rejects.has(action));
      expect(real.map(({ action }) => action)).toEqual(real.map(() => "auth.sign_in"));
      expect(new Map(real.map((event) => [event.details["trace_id"], summaryOf(event)]))).toEqual(
        expected,
      );
      expect(real).toHaveLength(expected.size);
      expect(peakBytes).toBeGreaterThan(0);
      expect(peakBytes).toBeLessThan(mostResidentBytes);
    },
    withinMillis,
  );
});

/** In turn: no CSRF token, a forged cookie, and no state; from one address, and from ever new ones. */
function forge(n: number, cookie: string): ForgedRequest {
  const headers = {
    "x-forwarded-for": n % 2 === 0 ? "203.0.113.9" : `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
  };
  switch (n % 3) {
    case 0:
      return {
        method: "POST",
        path: "/api/auth/callback/credentials",
        headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
        body: `email=alice@example.com&password=guess-${n}`,
      };
    case 1:
      return {
        method: "GET",
        path: "/api/auth/session",
        headers: { ...headers, cookie: `${cookie}=forged-${n}` },
      };
    default:
      return { method: "GET", path: `/api/auth/callback/local?code=${n}&state=${n}`, headers };
  }
}

function realAttempt(n: number): readonly [email: string, password: string, outcome: string] {
  return n % 2 === 0
    ? ["alice@example.com", "white-rabbit", "success"]
    : [`visitor-${n}@example.com`, "wrong", "failure"];
}

const summaryOf = ({ details }: ProvenEvent): string =>
  `${String(details["user.email"] ?? details["auth.attempted.identifier"])} ${String(details["auth.outcome"])}`;

/** How many requests the rejects stand for. */
const forgedIn = (events: readonly ProvenEvent[]): number =>
  events
    .filter(({ action }) => rejects.has(action))
    .reduce((sum, { details }) => sum + Number(details["auth.coalesced.count"] ?? 1), 0);
