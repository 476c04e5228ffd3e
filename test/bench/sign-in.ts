import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuiltApp, builtApp, repository } from "../e2e/support/built-app.ts";
import { startApp } from "../e2e/support/running-app.ts";
import type { Target } from "./delivery.ts";
import { type Costs, type Mode, modes } from "./drawn-modes.ts";
import { type Figures, ratioOf, type Section, summarize } from "./measure.ts";

/** An example app, in which each request can have NextAuth with authlog around it, or without. */
interface Subject {
  name: string;
  folder: string;
  /** Files of the example that are replaced. */
  files: Readonly<Record<string, string>>;
}

/** A user of both examples who may sign in. */
const user = { email: "alice@example.com", password: "white-rabbit" };

const harness = join(repository, "test/bench/drawn-server.ts");

/** No `register` of authlog: the harness starts each part of it by itself. */
const instrumentation = `export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ process.env.BENCH_HARNESS);
  }
}
`;

/** Three apps in one, each with a NextAuth of its own; the harness says which a request is for. */
const either = `
function either(config: any): any {
  const bench = (globalThis as any)[Symbol.for("authlog.bench")];
  const all = {
    plain: NextAuth(config),
    audited: withAuthlog(NextAuth)(config),
    tutorial: NextAuth({ ...config, events: { signIn: () => bench.log() } }),
  };
  const chosen = (): any => all[(bench?.kind ?? "plain") as keyof typeof all];
  const handle = (method: "GET" | "POST") => (...args: any[]) =>
    (chosen().handlers?.[method] ?? chosen())(...args);
  return Object.assign(handle("POST"), all.plain, { handlers: { GET: handle("GET"), POST: handle("POST") } });
}
`;

const subjects: readonly Subject[] = [
  subject("auth-js-v5", "auth.ts"),
  subject("next-auth-v4", "app/api/auth/[...nextauth]/route.ts"),
];

/** @param wrapped the file of the example that calls NextAuth */
function subject(name: string, wrapped: string): Subject {
  const folder = join(repository, "examples", name);
  const code = readFileSync(join(folder, wrapped), "utf8");
  const replaced = code.replace("withAuthlog(NextAuth)(", "either(");
  if (replaced === code) throw new Error(`${name}/${wrapped} no longer wraps NextAuth.`);
  return {
    name,
    folder,
    files: {
      [wrapped]: `// @ts-nocheck\n${replaced}${either}`,
      "instrumentation.ts": `// @ts-nocheck\n${instrumentation}`,
      "app/api/plain/route.ts":
        'export const dynamic = "force-dynamic";\nexport const GET = () => Response.json({ ok: true });\n',
    },
  };
}

const warmUps = 400;
/** So many requests for each mode; and in so many rounds, each of which gives one ratio. */
const perMode = 1000;
const rounds = 20;

const blocks = 12;
const perBlock = 100;

/** What a sign-in, and a request that is none, cost a running server, by what of authlog is on. */
export async function measureSignIn(receiver: Target, hanging: Target): Promise<Section[]> {
  const sections: Section[] = [];
  for (const { name, folder, files } of subjects) {
    const build = await builtApp("turbopack", { name: `${name}-drawn`, folder, files });
    sections.push(...(await measureApp(name, build, receiver, hanging)));
  }
  return sections;
}

async function measureApp(
  name: string,
  build: BuiltApp,
  receiver: Target,
  hanging: Target,
): Promise<Section[]> {
  const journals = mkdtempSync(join(tmpdir(), "authlog-bench-sign-in-"));
  const app = await startApp(build, {
    BENCH_HARNESS: harness,
    BENCH_SETTINGS: JSON.stringify({ journals, receiver: receiver.url, hanging: hanging.url }),
  });
  try {
    const signIn = await prepare(app.url);
    const get = async (): Promise<void> => {
      await (await fetch(`${app.url}/api/plain`)).arrayBuffer();
    };
    const signIns = await draw(app.url, modes, signIn);
    const plain = await draw(app.url, ["off", "off again", "+ delivery", "+ tracer"], get);
    return [
      sectionOf(`a sign-in to ${name}, main thread`, signIns, "cpu"),
      sectionOf(`a sign-in to ${name}, by the clock`, signIns, "wall"),
      await measureBlocks(name, app.url, signIn),
      sectionOf(`a request to ${name} that is none of NextAuth's, main thread`, plain, "cpu"),
    ];
  } finally {
    await app.stop();
    rmSync(journals, { recursive: true, force: true });
  }
}

interface Report {
  costs: Costs;
  threadMicros: number;
}

async function ask(url: string, path: string): Promise<Report> {
  return (await (await fetch(`${url}/bench/${path}`)).json()) as Report;
}

function setModes(url: string, drawnModes: readonly Mode[]): Promise<Report> {
  return ask(
    url,
    `modes?${new URLSearchParams(drawnModes.map((mode) => ["mode", mode])).toString()}`,
  );
}

/** Sends requests one by one; the server draws for each what is on. */
async function draw(
  url: string,
  drawnModes: readonly Mode[],
  send: () => Promise<void>,
): Promise<Costs[]> {
  await setModes(url, drawnModes);
  for (let n = 0; n < warmUps; n += 1) await send();
  const measured: Costs[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await ask(url, "drain");
    await setModes(url, drawnModes);
    for (let n = 0; n < (perMode / rounds) * drawnModes.length; n += 1) await send();
    measured.push((await ask(url, "costs")).costs);
  }
  return measured;
}

function sectionOf(title: string, measured: readonly Costs[], what: "cpu" | "wall"): Section {
  const names = modes.filter((mode) => mode in (measured[0] ?? {}));
  const valuesOf = (costs: Costs, mode: Mode): number[] =>
    costs[mode]?.map((cost) => cost[what]) ?? [];
  const figures: Figures[] = names.map((mode) =>
    summarize(
      mode,
      "µs",
      measured.flatMap((costs) => valuesOf(costs, mode)),
    ),
  );
  const medians = (mode: Mode): number[] =>
    measured.map((costs) => summarize(mode, "µs", valuesOf(costs, mode)).median);
  return {
    title,
    figures,
    ratios: names.slice(1).map((mode) => ratioOf(`${mode} / off`, medians(mode), medians("off"))),
  };
}

/**
 * What a sign-in costs with everything that goes on behind its answer: all that the main thread does
 * from the first of a block of sign-ins until the last of their events is delivered.
 */
async function measureBlocks(
  name: string,
  url: string,
  signIn: () => Promise<void>,
): Promise<Section> {
  const compared: readonly Mode[] = ["off", "off again", "+ journal", "+ delivery"];
  const samples = new Map<Mode, number[]>(compared.map((mode) => [mode, []]));
  for (let block = 0; block <= blocks; block += 1) {
    for (let index = 0; index < compared.length; index += 1) {
      // Each goes first equally often.
      const mode = compared[(index + block) % compared.length] ?? "off";
      await ask(url, "drain");
      const { threadMicros: before } = await setModes(url, [mode]);
      for (let n = 0; n < perBlock; n += 1) await signIn();
      const { threadMicros: after } = await ask(url, "drain");
      if (block > 0) samples.get(mode)?.push((after - before) / perBlock);
    }
  }
  const of = (mode: Mode): number[] => samples.get(mode) ?? [];
  return {
    title: `all that a sign-in to ${name} costs the main thread, delivery included`,
    figures: compared.map((mode) => summarize(mode, "µs", of(mode))),
    ratios: compared.slice(1).map((mode) => ratioOf(`${mode} / off`, of(mode), of("off"))),
  };
}

/** Fetches a CSRF token once, as a page does, and gives a function that signs in with it. */
async function prepare(url: string): Promise<() => Promise<void>> {
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
