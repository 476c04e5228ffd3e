import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type BuiltApp, builtApp, repository } from "../e2e/support/built-app.ts";
import { type RunningApp, startApp } from "../e2e/support/running-app.ts";
import { type Figures, type Ratio, ratioOf, summarize } from "./measure.ts";

/** An example app, and how it looks with authlog taken out. */
export interface Subject {
  name: string;
  folder: string;
  /** Files that differ without authlog. */
  without: Readonly<Record<string, string>>;
}

/** A user of both examples who may sign in. */
const user = { email: "alice@example.com", password: "white-rabbit" };

/** OpenTelemetry is the same on both sides: what is measured is authlog, and not the SDK. */
const plainInstrumentation = `export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { NodeSDK } = await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ "@opentelemetry/sdk-node");
    const ignore = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
    new NodeSDK({ spanProcessors: [ignore], metricReaders: [], logRecordProcessors: [] }).start();
  }
}
`;

/** The examples of both majors. */
export const subjects: readonly Subject[] = [
  subject("auth-js-v5", ["auth.ts"]),
  subject("next-auth-v4", [
    "auth-options.ts",
    "app/api/auth/[...nextauth]/route.ts",
    "pages/api/pages-auth/[...nextauth].ts",
  ]),
];

/** @param wrapped the files of the example that wrap NextAuth, or its options */
function subject(name: string, wrapped: readonly string[]): Subject {
  const folder = join(repository, "examples", name);
  const unwrapped = wrapped.map((path) => {
    const code = readFileSync(join(folder, path), "utf8")
      .replace(/^import \{ withAuthlog \}.*\n/m, "")
      .replaceAll(/withAuthlog\((\w+)\)/g, "$1");
    if (code.includes("withAuthlog")) throw new Error(`${name}/${path} still wraps something.`);
    return [path, code];
  });
  const files = Object.fromEntries(unwrapped) as Record<string, string>;
  return { name, folder, without: { ...files, "instrumentation.ts": plainInstrumentation } };
}

/** Two runs of the very same app differ by more than authlog costs: V8 fits the heap to what it met. */
const starts = 8;
const warmUps = 400;
const perStart = 240;
const atOnce = 8;

/** By the defaults, which a server of a test does not have: it is in a hurry. */
const defaults = { OTEL_BLRP_SCHEDULE_DELAY: "1000", AUTHLOG_MAX_IN_FLIGHT: "4" };

/** Longer than events are gathered: what goes on behind the last answer is a sign-in's cost, too. */
const restMillis = 1500;

/** A sign-in with authlog beside the same app without it. */
export interface SignInFigures {
  figures: Figures[];
  ratios: Ratio[];
}

/** What is measured of each start: how long one waits, how many go through, what one costs the app. */
const measures = ["latency", "rate", "cost"] as const;
type Sample = Record<(typeof measures)[number], number>;

/** One of two that are compared. */
interface Side {
  name: string;
  build: BuiltApp;
  settings: Readonly<Record<string, string>>;
}

/** Signs in to an example without authlog, and to the same with it. */
export async function measureSignIn(
  { name, folder, without }: Subject,
  settings: Readonly<Record<string, string>>,
): Promise<SignInFigures> {
  const plain = await builtApp("turbopack", { name: `${name}-plain`, folder, files: without });
  const audited = await builtApp("turbopack", { name, folder });
  return compare(
    { name: "without authlog", build: plain, settings },
    { name: "with authlog", build: audited, settings },
  );
}

/** Signs in to an example whose receiver answers, and to the same whose receiver hangs. */
export async function measureOutage(
  { name, folder }: Subject,
  healthy: Readonly<Record<string, string>>,
  dead: Readonly<Record<string, string>>,
): Promise<SignInFigures> {
  const build = await builtApp("turbopack", { name, folder });
  return compare(
    { name: "receiver healthy", build, settings: healthy },
    { name: "receiver dead", build, settings: dead },
  );
}

/**
 * Signs in to production builds of both. Each pair of servers is asked in turn, sign-in by sign-in, so
 * that whatever else the machine does meets both; each start of the pair gives one figure.
 */
async function compare(first: Side, second: Side): Promise<SignInFigures> {
  const samples: (readonly [Sample, Sample])[] = [];
  for (let start = 0; start < starts; start += 1) {
    await using one = await startApp(first.build, { ...first.settings, ...defaults });
    await using other = await startApp(second.build, { ...second.settings, ...defaults });
    samples.push(await measurePair(await prepare(one), await prepare(other)));
  }
  const of = (index: 0 | 1, measure: keyof Sample): number[] =>
    samples.map((pair) => pair[index][measure]);
  const both = (what: string, unit: string, measure: keyof Sample): Figures[] => [
    summarize(`${first.name}, ${what}`, unit, of(0, measure)),
    summarize(`${second.name}, ${what}`, unit, of(1, measure)),
  ];
  return {
    figures: [
      ...both("one by one", "ms", "latency"),
      ...both(`${atOnce} at once`, "sign-ins/s", "rate"),
      ...both("what one costs the app", "ms of processor", "cost"),
    ],
    ratios: measures.map((measure) =>
      ratioOf(`${measure}, ${second.name} / ${first.name}`, of(1, measure), of(0, measure)),
    ),
  };
}

/** One server of a pair. */
interface Client {
  signIn: () => Promise<void>;
  app: RunningApp;
}

async function measurePair(plain: Client, audited: Client): Promise<[Sample, Sample]> {
  const latency: [number[], number[]] = [[], []];
  const rate: [number[], number[]] = [[], []];
  for (const { signIn } of [plain, audited]) await rateOf(signIn, warmUps);
  const before = [plain, audited].map(({ app }) => app.processorMillis());
  for (let n = 0; n < perStart; n += 1) {
    // The first of two meets a cold cache, so that place goes round too.
    for (const index of n % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      latency[index].push(await timeOf([plain, audited][index]?.signIn));
    }
  }
  for (let n = 0; n < perStart; n += 5 * atOnce) {
    rate[0].push(await rateOf(plain.signIn, 5 * atOnce));
    rate[1].push(await rateOf(audited.signIn, 5 * atOnce));
  }
  await sleep(restMillis);
  const sampleOf = (index: 0 | 1, { app }: Client): Sample => ({
    latency: summarize("", "ms", latency[index]).median,
    rate: summarize("", "1/s", rate[index]).median,
    cost: (app.processorMillis() - (before[index] ?? Number.NaN)) / (2 * perStart),
  });
  return [sampleOf(0, plain), sampleOf(1, audited)];
}

/** Fetches a CSRF token once, as a page does, and gives a function that signs in with it. */
async function prepare(app: RunningApp): Promise<Client> {
  const { url } = app;
  const answer = await fetch(`${url}/api/auth/csrf`);
  const { csrfToken } = (await answer.json()) as { csrfToken: string };
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const signIn = async (): Promise<void> => {
    const response = await fetch(`${url}/api/auth/callback/credentials`, {
      method: "POST",
      headers: { cookie },
      body: new URLSearchParams({ ...user, csrfToken }),
      redirect: "manual",
    });
    await response.arrayBuffer();
    const signedIn = response.headers.getSetCookie().some((line) => line.includes("session-token"));
    if (!signedIn) throw new Error(`The sign-in failed: ${response.status}`);
  };
  return { signIn, app };
}

async function timeOf(signIn: (() => Promise<void>) | undefined): Promise<number> {
  const start = performance.now();
  await signIn?.();
  return performance.now() - start;
}

async function rateOf(signIn: () => Promise<void>, count: number): Promise<number> {
  const start = performance.now();
  const client = async (): Promise<void> => {
    for (let n = 0; n < count / atOnce; n += 1) await signIn();
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return count / ((performance.now() - start) / 1000);
}
