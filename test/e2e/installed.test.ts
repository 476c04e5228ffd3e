import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectorProgram, startCollector } from "../support/collector.ts";
import type { OtlpRecord } from "../support/otlp-request.ts";
import { repository } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import {
  type InstalledApp,
  ledgerIn,
  newApp,
  packed,
  type RunningProcess,
  temporaryRoom,
} from "./support/installed-app.ts";
import { type LedgerAccess, type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { newTrace, type Trace } from "./support/trace.ts";
import { until } from "./support/until.ts";

const readme = readFileSync(join(repository, "README.md"), "utf8");

/** The README's code that begins with this comment, as a reader would copy it. */
function readmeCode(comment: string): string {
  const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  const code = blocks.find((block) => block.startsWith(`// ${comment}\n`));
  if (code === undefined) throw new Error(`The README has no code "// ${comment}".`);
  return code;
}

/** The packages of the README's install line, in versions that are known to be there. */
function readmePackages(versions: Versions, tarball: string): string[] {
  const [, line = ""] = /^npm install (authlog .+)$/m.exec(readme) ?? [];
  return line
    .split(" ")
    .map((name) => (name === "authlog" ? tarball : `${name}@${versions[name] ?? "missing"}`));
}

type Versions = Readonly<Record<string, string>>;

function versionsOf(manifest: string): Versions {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(repository, manifest), "utf8"),
  ) as Record<string, Versions>;
  return { ...dependencies, ...devDependencies };
}

/** The matrix asks for another Next.js, for one of its bundlers by name, and for one kind of app. */
const {
  TEST_AUTHLOG_NEXT: nextVersion,
  TEST_AUTHLOG_BUNDLER: bundler,
  TEST_AUTHLOG_APP: askedKind,
} = process.env;

const isNext15 = nextVersion?.startsWith("15.") === true;

/** What the matrix asks for in place of the pinned; Next.js 15 does not know TypeScript 7. */
const asked: Versions = {
  ...(nextVersion !== undefined && { next: nextVersion }),
  ...(isNext15 && { typescript: "5.9.3" }),
};

/** Next.js 15 has no flag for webpack, which is its default. */
const buildFlags =
  bundler === undefined || (bundler === "webpack" && isNext15) ? [] : [`--${bundler}`];

const settings = {
  AUTH_SECRET: "a-secret-for-tests-alone",
  NEXTAUTH_SECRET: "a-secret-for-tests-alone",
  AUTH_TRUST_HOST: "true",
  OTEL_BLRP_SCHEDULE_DELAY: "50",
};

/** What the reader had before: a page, and one user with a password. */
const before = (
  nextAuthTypes: string,
  moduleResolution: "bundler" | "node",
): Record<"layout" | "page" | "config" | "tsconfig", string> => ({
  // Next.js 15 would write another one than it gives to a new app.
  tsconfig: `{ "compilerOptions": {
    "lib": ["dom", "dom.iterable", "esnext"], "module": "esnext", "moduleResolution": "${moduleResolution}",
    "jsx": "preserve", "strict": true, "noEmit": true, "esModuleInterop": true,
    "isolatedModules": true, "resolveJsonModule": true, "skipLibCheck": true
  } }`,
  layout: `export default function Layout({ children }: { children: React.ReactNode }) {
    return <html><body>{children}</body></html>;
  }`,
  page: "export default function Page() { return <p>Hello</p>; }",
  config: `${nextAuthTypes}
  import Credentials from "next-auth/providers/credentials";
  export const config: Options = {
    providers: [
      Credentials({
        credentials: { email: {}, password: {} },
        authorize: (given) =>
          given?.password === "white-rabbit"
            ? { id: "7", email: String(given.email) }
            : null,
      }),
    ],
  };`,
});

interface Major {
  name: string;
  versions: Versions;
  files: Readonly<Record<string, string>>;
}

// An app that has been with Next.js 15 for long has the way of resolving that it set by itself then.
const v4 = before(
  'import type { NextAuthOptions as Options } from "next-auth";',
  isNext15 ? "node" : "bundler",
);
const v4Route = "app/api/auth/[...nextauth]/route.ts";
const nextAuth4: Major = {
  name: "next-auth 4",
  versions: pick("examples/next-auth-v4/package.json", "next-auth"),
  files: {
    "tsconfig.json": v4.tsconfig,
    "app/layout.tsx": v4.layout,
    "app/page.tsx": v4.page,
    [v4Route.replace("route.ts", "auth.config.ts")]: v4.config,
    [v4Route]: readmeCode(`next-auth 4, in ${v4Route}`),
    "instrumentation.ts": readmeCode("instrumentation.ts"),
  },
};

const v5 = before('import type { NextAuthConfig as Options } from "next-auth";', "bundler");
const nextAuth5: Major = {
  name: "next-auth 5",
  versions: pick("package.json", "next-auth"),
  files: {
    "tsconfig.json": v5.tsconfig,
    "app/layout.tsx": v5.layout,
    "app/page.tsx": v5.page,
    "auth.config.ts": v5.config,
    "app/api/auth/[...nextauth]/route.ts":
      'import { handlers } from "../../../../auth"; export const { GET, POST } = handlers;',
    "auth.ts": readmeCode("auth.ts"),
    "instrumentation.ts": readmeCode("instrumentation.ts"),
  },
};

const otel = ["@opentelemetry/api", "@opentelemetry/sdk-node"];
const line2 = { name: "2.x", versions: pick("examples/next-auth-v4/package.json", ...otel) };
/** The first release of the line that the README promises. */
const line2AtFirst = {
  name: "2.x at its lowest",
  versions: { ...line2.versions, "@opentelemetry/sdk-node": "0.203.0" },
};
const line3 = { name: "3.x", versions: pick("package.json", ...otel) };

const kindOf = ({ name, versions, files }: Major, line: typeof line2): Kind => ({
  name: `${name}, on OpenTelemetry ${line.name}`,
  versions: { ...versionsOf("package.json"), ...versions, ...line.versions },
  files,
});

type Kind = Major;

// One of each is enough for every day; the matrix has the others as well.
const usual = [kindOf(nextAuth5, line3), kindOf(nextAuth4, line2)];
const kinds: Kind[] =
  askedKind === undefined
    ? usual
    : [
        ...usual,
        kindOf(nextAuth5, line2),
        kindOf(nextAuth4, line3),
        kindOf(nextAuth4, line2AtFirst),
      ].filter(({ name }) => name === askedKind);

/** The versions of some packages that a manifest of this repository has. */
function pick(manifest: string, ...names: string[]): Versions {
  const versions = versionsOf(manifest);
  return Object.fromEntries(names.map((name) => [name, versions[name] ?? "missing"]));
}

let room: ReturnType<typeof temporaryRoom>;
let tarball: string;

beforeAll(async () => {
  room = temporaryRoom();
  tarball = await packed(room.path);
});
afterAll(() => room[Symbol.dispose]());

describe.each(kinds)("a new app, made with the README's text alone: $name", (kind) => {
  const { versions, files } = kind;
  let app: InstalledApp;
  let sdk: string[];

  beforeAll(async () => {
    app = newApp(room.path, `app-${kinds.indexOf(kind)}`);
    const pinned = (name: string): string => `${name}@${asked[name] ?? versions[name]}`;
    const own = [
      "next",
      "next-auth",
      "react",
      "react-dom",
      "typescript",
      "@types/react",
      "@types/node",
    ];
    const packages = readmePackages(versions, tarball);
    sdk = packages.filter((name) => name.includes("/sdk-node@"));
    if (sdk.length !== 1) throw new Error("The README installs no SDK.");
    await app.install(...own.map(pinned), ...packages.filter((name) => !sdk.includes(name)));
    app.write(files);
    await app.build(...buildFlags);
  });

  it("the doctor finds no fault", async () => {
    const { ok, checks } = JSON.parse(await app.authlog(["doctor", "--json"])) as Doctor;
    expect({ ok, odd: checks.filter(({ status }) => /fail|warn/.test(status)) }).toEqual({
      ok: true,
      odd: [],
    });
  });

  it("in production, its events arrive at `authlog serve`, without an SDK, with the caller's trace", async () => {
    await using ledger = await app.serve();
    await using running = await app.start("start", { ...settings, ...destination(ledger) });
    const trace = newTrace();
    const events = await eventsOf(running, ledger, { trace });
    expect(events).toMatchObject(expected);
    expect(running.output()).not.toContain("ERR_AUTHLOG");
    for (const { details } of events) {
      // No span of the app's is there: the trace is what the request says, and marked as that.
      expect(details).toMatchObject({
        trace_id: trace.traceId,
        span_id: trace.spanId,
        "authlog.trace.remote": true,
      });
    }
  });

  it(
    "and with the SDK installed, they have spans of the app, and the collector has them too",
    { timeout: 300_000 },
    async () => {
      await app.install(...sdk);
      await using ledger = await app.serve();
      await using collector =
        collectorProgram === undefined ? undefined : await startCollector(collectorProgram);
      const earlier = (await provenEvents(ledger)).length;
      await using running = await app.start("start", {
        ...settings,
        ...destination(ledger),
        ...(collector && { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: "shop" }),
      });
      const trace = newTrace();
      const events = await eventsOf(running, ledger, { earlier, trace });
      expect(events).toMatchObject(expected);
      for (const { details } of events) {
        expect(details["trace_id"]).toBe(trace.traceId);
        expect(details["span_id"]).not.toBe(trace.spanId);
        expect(details["authlog.trace.remote"]).toBeUndefined();
      }
      const collected = (await collector?.records(events.length)) ?? [];
      expect(running.output()).not.toContain("ERR_AUTHLOG");
      if (collector === undefined) return;
      expect(collected.map(inCollector).toSorted()).toEqual(events.map(inLedger).toSorted());
      for (const { resource } of collected) expect(resource["service.name"]).toBe("shop");
    },
  );

  it.runIf(kind === kinds[0])(
    "in development, it has a ledger of its own",
    { timeout: 180_000 },
    async () => {
      await using running = await app.start("dev", settings);
      await fetch(running.url);
      const ledger = await until("the embedded ledger", () => {
        try {
          return ledgerIn(app.folder);
        } catch {
          return undefined;
        }
      });
      const earlier = (await provenEvents(ledger)).length;
      expect(await eventsOf(running, ledger, { earlier })).toMatchObject(expected);
      expect(running.output()).not.toContain("ERR_AUTHLOG");
    },
  );
});

interface Doctor {
  ok: boolean;
  checks: { id: string; status: string }[];
}

const destination = ({ url, token }: { url: string; token: string }): Record<string, string> => ({
  PANGEA_TOKEN: token,
  PANGEA_BASE_URL_TEMPLATE: url,
});

const email = "ada@example.com";
const expected = [
  {
    action: "auth.sign_in",
    status: "failure:invalid_credentials",
    actor: "anonymous",
    target: email,
  },
  { action: "auth.sign_in", status: "success", actor: "7" },
  { action: "auth.sign_out", status: "success", actor: "7" },
];

/** What tells one event from all others, as the ledger has it, and as the collector has. */
const inLedger = ({ action, details }: ProvenEvent): string =>
  [action, details["log.record.uid"], details["trace_id"], details["span_id"]].join(" ");
const inCollector = ({ eventName, attributes, traceId, spanId }: OtlpRecord): string =>
  [eventName, attributes["log.record.uid"], traceId, spanId].join(" ");

/** Fails to sign in, signs in and out, and gives what arrived of it, each event verified. */
async function eventsOf(
  running: RunningProcess,
  ledger: LedgerAccess,
  { earlier = 0, trace }: { earlier?: number; trace?: Trace } = {},
): Promise<ProvenEvent[]> {
  const client = new FormClient(running.url);
  await client.signIn(email, "wrong", trace?.headers);
  await client.signIn(email, "white-rabbit", trace?.headers);
  await client.signOut(trace?.headers);
  return until("three more events", async () => {
    const events = (await provenEvents(ledger)).slice(earlier);
    return events.length < expected.length ? undefined : events;
  });
}
