import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type OpenIdProvider,
  startOpenIdProvider,
} from "../../examples/identity/openid-provider.ts";
import type { AppConfig } from "../../src/capture/app-types.ts";
import { installCaptureSettings } from "../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../src/setup/config.ts";
import { pseudonymsOf } from "../../src/setup/pseudonyms-of.ts";
import { openDrizzle } from "../adapters/drizzle.ts";
import { openKysely } from "../adapters/kysely.ts";
import { openMongoDb } from "../adapters/mongodb.ts";
import type { AdapterMethods, OpenAdapter } from "../adapters/opened-adapter.ts";
import { openPrisma } from "../adapters/prisma.ts";
import { openTypeOrm } from "../adapters/typeorm.ts";
import { openUnstorage } from "../adapters/unstorage.ts";
import { createApp } from "../support/auth-js.ts";
import { createApp4 } from "../support/next-auth-v4.ts";
import { signInAt } from "../support/openid-visit.ts";
import { watchSlot } from "../support/slot.ts";

/** A server of MongoDB cannot be installed from a registry; one that runs elsewhere is named by this. */
const mongoDb = process.env["MONGODB_URL"];

const adapters: readonly { name: string; open: OpenAdapter; skip?: boolean }[] = [
  { name: "Drizzle", open: openDrizzle },
  { name: "Kysely", open: openKysely },
  { name: "Prisma", open: openPrisma },
  { name: "TypeORM", open: openTypeOrm },
  { name: "Unstorage", open: openUnstorage },
  {
    name: "MongoDB (where MONGODB_URL names a server)",
    open: () => openMongoDb(mongoDb ?? ""),
    skip: mongoDb === undefined,
  },
];

const carol = { id: "carol", email: "carol@example.com", name: "Carol" };
const privacy = { pseudonymKey: `k1:${"5e".repeat(16)}` };

const watched = watchSlot();
let provider: OpenIdProvider;
let folder: string;
let runs = 0;
let headers: Record<string, string>;

beforeAll(async () => {
  provider = await startOpenIdProvider({
    people: [carol],
    callbackPath: "/api/auth/callback/local",
  });
});
afterAll(() => provider.close());
beforeEach(async () => {
  installCaptureSettings(resolveConfig({ privacy, sessionRead: 1 }, {}));
  folder = await mkdtemp(join(tmpdir(), "authlog-adapter-"));
  // The rejects of one address are coalesced, so each test has an address of its own.
  runs += 1;
  headers = { "x-forwarded-for": `192.0.2.${runs}` };
  // Else TypeORM's adapter makes its connection anew at each call, and says so each time.
  vi.stubEnv("NODE_ENV", "production");
  return async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  };
});

/** What a visitor does in an app of either major. */
interface Visit {
  cookies: Map<string, string>;
  sessionCookie: string;
  get(path: string): Promise<unknown>;
  /** @returns where the answer leads */
  post(path: string, fields?: Record<string, string>): Promise<string | undefined>;
}

const visits: Readonly<Record<"4" | "5", (config: AppConfig) => Visit>> = {
  "4": (config) => {
    const app = createApp4(config);
    return {
      cookies: app.cookies,
      sessionCookie: "next-auth.session-token",
      get: (path) => app.get(path, headers),
      post: async (path, fields) => (await app.post(path, fields, { headers })).location,
    };
  },
  "5": (config) => {
    const app = createApp(config as never);
    return {
      cookies: app.cookies,
      sessionCookie: "authjs.session-token",
      get: (path) => app.get(path, headers),
      post: async (path, fields) =>
        (await app.post(path, fields, headers)).headers.get("location") ?? undefined,
    };
  },
};

/** An app that offers the OpenID provider and links by e-mail, over an adapter. */
function configure(
  major: "4" | "5",
  adapter: AdapterMethods,
  onLink: (link: string) => void,
): AppConfig {
  const openId = {
    id: "local",
    name: "Local",
    type: major === "4" ? "oauth" : "oidc",
    issuer: provider.issuer,
    wellKnown: `${provider.issuer}/.well-known/openid-configuration`,
    clientId: provider.clientId,
    clientSecret: provider.clientSecret,
    idToken: true,
    checks: ["pkce", "state"],
    authorization: { params: { scope: "openid email profile" } },
    profile: ({ sub, name, email }: Record<string, string>) => ({ id: sub, name, email }),
  };
  const email = {
    id: "email",
    type: "email",
    name: "E-mail",
    from: "a@example.com",
    maxAge: 600,
    options: {},
    sendVerificationRequest: ({ url }: { url: string }) => onLink(url),
  };
  return { providers: [openId, email], adapter, session: { strategy: "database" } } as never;
}

/** One event of the story: its name, whose it is, and what else it has to say. */
type Told = readonly [name: string, user: string | undefined, rest: object];

const success = { "auth.outcome": "success" };
const byOpenId = { ...success, "auth.provider.id": "local" };
const byLink = { ...success, "auth.provider.id": "email" };
const failure = (reason: string, errorType: string): object => ({
  "auth.outcome": "failure",
  "auth.failure.reason": reason,
  "error.type": errorType,
});

const sessionId = (token: string): object => ({
  "session.id": pseudonymsOf("session.id", token, { privacy })[0],
});

describe.each(adapters)("the official adapter of $name", ({ open, skip = false }) => {
  it.skipIf(skip).each(["4", "5"] as const)(
    "gives each event once, with the right user, under next-auth %s",
    async (major) => {
      const opened = await open(folder);
      const { adapter } = opened;
      try {
        let link = "";
        const visitor = visits[major](configure(major, adapter, (url) => (link = url)));
        const { cookies, sessionCookie } = visitor;
        const follow = ({ pathname, search }: URL): Promise<unknown> =>
          visitor.get(pathname.replace("/api/auth/", "") + search);

        const start = await visitor.post("signin/local");
        await follow(await signInAt(provider, start ?? "", carol.id));
        const first = cookies.get(sessionCookie) ?? "";
        await visitor.get("session");
        await visitor.post("signout");

        await visitor.post("signin/email", { email: carol.email });
        await follow(new URL(link));
        const second = cookies.get(sessionCookie) ?? "";
        await adapter.updateSession({ sessionToken: second, expires: new Date(0) });
        await visitor.get("session");

        cookies.set(sessionCookie, "forged");
        await visitor.get("session");
        cookies.set(sessionCookie, "forged");
        await visitor.post("signout");

        const id = (await adapter.getUserByEmail(carol.email))?.id;
        const expected: Told[] = [
          ["auth.user.create", id, success],
          ["auth.account.link", id, byOpenId],
          ["auth.sign_in", id, { ...byOpenId, ...sessionId(first), "auth.user.is_new": true }],
          ["auth.session.read", id, { ...success, "user.email": carol.email }],
          ["auth.sign_out", id, { ...success, ...sessionId(first), "user.email": carol.email }],
          ["auth.verification.request", undefined, byLink],
          ["auth.user.update", id, success],
          ["auth.sign_in", id, { ...byLink, ...sessionId(second) }],
          ["auth.session.reject", undefined, failure("token_expired", "SessionExpired")],
          ["auth.session.reject", undefined, failure("token_invalid", "SessionNotFound")],
          ["auth.sign_out", undefined, failure("token_invalid", "SessionNotFound")],
        ];
        expect(id).toBeDefined();
        expect(
          watched.records.map(({ eventName, attributes }) => [
            eventName,
            attributes["user.id"],
            attributes,
          ]),
        ).toMatchObject(expected);
        expect(watched.records).toHaveLength(expected.length);
        expect(watched.diagnostics).toEqual([]);
      } finally {
        await opened.close();
      }
    },
  );
});
