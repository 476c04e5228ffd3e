import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AppStateFinding } from "../../../../src/cli/doctor/read-app-state.ts";
import { wiringChecks } from "../../../../src/cli/doctor/wiring-checks.ts";
import { appOf, found, nowMillis, stateOf, usual } from "./app-of.ts";

const said = (
  id: string,
  finding: AppStateFinding,
  packages: Readonly<Record<string, string>> = usual,
): string[] =>
  wiringChecks(appOf(packages), finding, nowMillis)
    .filter((check) => check.id === `wiring.${id}`)
    .map(({ status, what }) => `${status}: ${what}`);

describe("an app that runs", () => {
  it("is in order where it was set up as the README has it, and an event came", () => {
    const checks = wiringChecks(appOf(), found(), nowMillis);
    expect(checks.map(({ id, status, what }) => `${id} ${status}: ${what}`)).toEqual([
      "wiring.register ok: register ran in process 4711, which started 3 min ago.",
      "wiring.next-auth ok: NextAuth is wrapped.",
      "wiring.provider ok: register made a LoggerProvider, and no tracer.",
      "wiring.events ok: The last event came 1 min ago.",
    ]);
  });

  it("that has ended is reported as that, which is no fault", () => {
    expect(said("register", found({}, false))).toEqual([
      "skip: The app does not run now: register ran in process 4711, which started 3 min ago.",
    ]);
  });

  it.each([
    ["options", "warn: Options of NextAuth are wrapped, its function is not."],
    [undefined, "warn: NextAuth has not been wrapped since the app started."],
  ] as const)("that has wrapped %s of NextAuth is not in order", (wrapped, what) => {
    const { wrapped: _, ...unwrapped } = stateOf();
    const state = wrapped === undefined ? unwrapped : { ...unwrapped, wrapped };
    const finding = { kind: "found", state, running: true } as const;
    expect(said("next-auth", finding)).toEqual([what]);
  });

  it("without NextAuth is not asked whether it is wrapped", () => {
    expect(said("next-auth", found(), { authlog: "0.1.0" })).toEqual([]);
  });

  it.each([
    ["app", "processor", "ok: The app has a LoggerProvider of its own."],
    ["app", "sink", "warn: The app's own LoggerProvider has no audit processor."],
    ["sdk-node", "processor", "ok: register started @opentelemetry/sdk-node."],
    ["none", "sink", "ok: OpenTelemetry's SDK is switched off; events go past it."],
  ] as const)("whose provider is of %s, and whose events a %s takes", (provider, takenBy, what) => {
    expect(said("provider", found({ provider, takenBy }))).toEqual([what]);
  });
});

describe("an app of which nothing is known", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "authlog-doctor-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const oneLine = 'export { register } from "authlog/instrumentation";';

  it.each<[string, Readonly<Record<string, string>>]>([
    ["fail: There is no instrumentation.ts.", {}],
    ["fail: There is no src/instrumentation.ts.", { "src/app/page.tsx": "" }],
    [
      "fail: Next.js does not see instrumentation.ts.",
      { "instrumentation.ts": oneLine, "src/app/page.tsx": "" },
    ],
    [
      "fail: instrumentation.js does not set authlog up.",
      { "instrumentation.js": "export function register() {}" },
    ],
    [
      "warn: authlog has not been set up in this folder yet.",
      { "instrumentation.ts": 'export const register = () => import("./node");' },
    ],
    ["warn: authlog has not been set up in this folder yet.", { "instrumentation.ts": oneLine }],
    [
      "warn: authlog has not been set up in this folder yet.",
      { "src/instrumentation.mjs": oneLine, "src/pages/index.js": "" },
    ],
  ])("%s %j", (what, files) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const checks = wiringChecks(appOf(usual, folder), { kind: "missing" }, nowMillis);
    expect(checks.map(({ status, what: line }) => `${status}: ${line}`)).toEqual([what]);
  });
});
