import { readFileSync } from "node:fs";
import { join } from "node:path";
import { builtApp, repository } from "../e2e/support/built-app.ts";
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

const rounds = 24;
const perRound = 40;
const atOnce = 8;

/** Latency and throughput of a sign-in with authlog beside the same app without it. */
export interface SignInFigures {
  figures: Figures[];
  ratios: Ratio[];
}

/** Signs in to production builds of both, in turn, round by round. */
export async function measureSignIn(
  { name, folder, without }: Subject,
  settings: Readonly<Record<string, string>>,
): Promise<SignInFigures> {
  const plainBuild = await builtApp("turbopack", { name: `${name}-plain`, folder, files: without });
  const build = await builtApp("turbopack", { name, folder });
  await using plain = await startApp(plainBuild, settings);
  await using audited = await startApp(build, settings);
  const apps = [await prepare(plain), await prepare(audited)];
  const latency: number[][] = [[], []];
  const rate: number[][] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    // The first of a round meets a cold cache, so that place goes round too.
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const signIn = apps[index];
      if (signIn === undefined) continue;
      const one = await latencyOf(signIn);
      const many = await rateOf(signIn);
      if (round === 0) continue;
      latency[index]?.push(one);
      rate[index]?.push(many);
    }
  }
  const [plainLatency = [], auditedLatency = []] = latency;
  const [plainRate = [], auditedRate = []] = rate;
  return {
    figures: [
      summarize(`${name} without authlog, one by one`, "ms", plainLatency),
      summarize(`${name} with authlog, one by one`, "ms", auditedLatency),
      summarize(`${name} without authlog, ${atOnce} at once`, "sign-ins/s", plainRate),
      summarize(`${name} with authlog, ${atOnce} at once`, "sign-ins/s", auditedRate),
    ],
    ratios: [
      ratioOf(`${name}: latency with / without`, auditedLatency, plainLatency),
      ratioOf(`${name}: sign-ins/s with / without`, auditedRate, plainRate),
    ],
  };
}

/** Fetches a CSRF token once, as a page does, and gives a function that signs in with it. */
async function prepare({ url }: RunningApp): Promise<() => Promise<void>> {
  const answer = await fetch(`${url}/api/auth/csrf`);
  const { csrfToken } = (await answer.json()) as { csrfToken: string };
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  return async () => {
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
}

async function latencyOf(signIn: () => Promise<void>): Promise<number> {
  const millis: number[] = [];
  for (let n = 0; n < perRound; n += 1) {
    const start = performance.now();
    await signIn();
    millis.push(performance.now() - start);
  }
  return summarize("", "ms", millis).median;
}

async function rateOf(signIn: () => Promise<void>): Promise<number> {
  const start = performance.now();
  const client = async (): Promise<void> => {
    for (let n = 0; n < perRound / atOnce; n += 1) await signIn();
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return perRound / ((performance.now() - start) / 1000);
}
