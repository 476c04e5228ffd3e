import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectorProgram, startCollector } from "../support/collector.ts";
import type { OtlpRecord } from "../support/otlp-request.ts";
import { FormClient } from "./support/form-client.ts";
import {
  destination,
  type InstalledApp,
  ledgerIn,
  newApp,
  packed,
  type RunningProcess,
  temporaryRoom,
} from "./support/installed-app.ts";
import {
  isNext15,
  type Major,
  nextAuth4,
  nextAuth5,
  ownPackages,
  pick,
  settings,
  type Versions,
  versionsOf,
} from "./support/new-app-files.ts";
import { type LedgerAccess, type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { readmeInstall } from "./support/readme.ts";
import { newTrace, type Trace } from "./support/trace.ts";
import { until } from "./support/until.ts";

/** The matrix asks for another Next.js, for one of its bundlers by name, and for one kind of app. */
const {
  TEST_AUTHLOG_NEXT: nextVersion,
  TEST_AUTHLOG_BUNDLER: bundler,
  TEST_AUTHLOG_APP: askedKind,
} = process.env;

/** What the matrix asks for in place of the pinned; Next.js 15 does not know TypeScript 7. */
const asked: Versions = {
  ...(nextVersion !== undefined && { next: nextVersion }),
  ...(isNext15 && { typescript: "5.9.3" }),
};

/** Next.js 15 has no flag for webpack, which is its default. */
const buildFlags =
  bundler === undefined || (bundler === "webpack" && isNext15) ? [] : [`--${bundler}`];

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

  beforeAll(async () => {
    app = newApp(room.path, `app-${kinds.indexOf(kind)}`);
    const before = [...ownPackages, "@opentelemetry/api"];
    await app.install(...before.map((name) => `${name}@${asked[name] ?? versions[name]}`));
    await app.shell(readmeInstall(tarball));
    app.write(files);
    await app.build(...buildFlags);
  });

  const doctor = async (env?: Record<string, string>): Promise<Doctor & { odd: string[] }> => {
    const report = JSON.parse(await app.authlog(["doctor", "--json"], env)) as Doctor;
    const odd = report.checks.filter(({ status }) => /fail|warn/.test(status));
    return { ...report, odd: odd.map(({ id, status }) => `${id} ${status}`) };
  };

  it("the doctor finds no fault, but that the app has not run yet", async () => {
    expect(await doctor()).toMatchObject({ ok: true, odd: ["wiring.register warn"] });
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
    const inProduction = { NODE_ENV: "production", ...destination(ledger) };
    // What the app says of itself is at most a second old.
    const report = await until("a doctor that finds nothing odd", async () => {
      const found = await doctor(inProduction);
      return found.odd.length === 0 ? found : undefined;
    });
    expect(report.ok).toBe(true);
  });

  it(
    "and with the SDK installed, they have spans of the app, and the collector has them too",
    { timeout: 300_000 },
    async () => {
      await app.install(`@opentelemetry/sdk-node@${versions["@opentelemetry/sdk-node"]}`);
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
