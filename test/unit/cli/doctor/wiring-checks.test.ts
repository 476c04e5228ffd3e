import { describe, expect, it } from "vitest";
import { wiringChecks } from "../../../../src/cli/doctor/wiring-checks.ts";
import { appOf } from "./app-of.ts";

type Files = Readonly<Record<string, string>>;

const said = (id: string, files: Files): string[] =>
  wiringChecks(appOf(files))
    .filter((check) => check.id === `wiring.${id}`)
    .map(({ status, what }) => `${status}: ${what}`);

const oneLine = 'export { register } from "authlog/instrumentation";';
const dynamic = (path: string): string =>
  `export async function register() { await import("${path}"); }`;
const processor = `import { auditProcessor } from "authlog/otel";`;

describe("register", () => {
  it.each<[string, Files]>([
    ["instrumentation.ts exports register.", { "instrumentation.ts": oneLine }],
    [
      "src/instrumentation.ts exports register.",
      { "src/instrumentation.ts": oneLine, "src/app/page.tsx": "" },
    ],
    [
      "instrumentation.js exports register.",
      { "instrumentation.js": 'export * from "authlog/instrumentation"' },
    ],
    [
      "instrumentation.ts exports register.",
      {
        "instrumentation.ts": `import { createRegister } from "authlog/instrumentation";\nexport const register = createRegister({});`,
      },
    ],
    [
      "instrumentation.ts exports register.",
      {
        "instrumentation.ts": `import { register as r } from "authlog/instrumentation"; const register = () => r(); export { register };`,
      },
    ],
    [
      "instrumentation.ts exports register, by way of instrumentation.node.ts.",
      {
        "instrumentation.ts": dynamic("./instrumentation.node"),
        "instrumentation.node.ts": processor,
      },
    ],
    [
      "instrumentation.ts exports register, by way of lib/otel/index.ts.",
      { "instrumentation.ts": dynamic("@/lib/otel"), "lib/otel/index.ts": processor },
    ],
  ])("is found: %s %j", (what, files) => expect(said("register", files)).toEqual([`ok: ${what}`]));

  it.each<[string, Files]>([
    ["There is no instrumentation.ts.", {}],
    ["There is no src/instrumentation.ts.", { "src/app/page.tsx": "" }],
    [
      "Next.js does not see instrumentation.ts.",
      { "instrumentation.ts": oneLine, "src/app/page.tsx": "" },
    ],
    ["instrumentation.ts exports no register.", { "instrumentation.ts": `// ${oneLine}` }],
    [
      "instrumentation.ts exports no register.",
      { "instrumentation.ts": 'import "authlog/instrumentation";' },
    ],
    [
      "The register of instrumentation.ts does not set authlog up.",
      { "instrumentation.ts": dynamic("./other"), "other.ts": "" },
    ],
  ])("is missed: %s %j", (what, files) =>
    expect(said("register", files)).toEqual([`fail: ${what}`]),
  );
});

const imports =
  'import NextAuth from "next-auth";\nimport { withAuthlog } from "authlog/next-auth";\n';

describe("NextAuth", () => {
  it.each([
    `${imports}export const { auth } = withAuthlog(NextAuth)({ providers: [] });`,
    `${imports}export default withAuthlog(NextAuth)(options);`,
    `${imports}const wrapped = withAuthlog( NextAuth );\nexport const { auth } = wrapped(config);`,
    `import Auth from "next-auth"; import { withAuthlog as w } from "authlog/next-auth"; w(Auth)({})`,
    `const NextAuth = require("next-auth"); const { withAuthlog } = require("authlog/next-auth"); module.exports = withAuthlog(NextAuth)({});`,
    `import $a from "next-auth/next"; import { withAuthlog } from "authlog/next-auth"; withAuthlog($a)({})`,
  ])("is wrapped: %s", (source) => {
    expect(said("next-auth", { "auth.ts": source })).toEqual([
      "ok: NextAuth is wrapped in auth.ts.",
    ]);
  });

  it.each([
    'import NextAuth from "next-auth";\nexport const { auth } = NextAuth({});',
    `${imports}// withAuthlog(NextAuth)\nexport default NextAuth(options);`,
    `${imports}export default NextAuth<Request>(options);`,
  ])("is called without the wrapper: %s", (source) => {
    expect(said("next-auth", { "auth.ts": source })).toEqual([
      "fail: auth.ts calls NextAuth without withAuthlog.",
    ]);
  });

  it("with wrapped options alone misses what only the handler sees", () => {
    const files = {
      "lib/options.ts":
        'import { withAuthlog } from "authlog/next-auth";\nexport const options = withAuthlog({ providers: [] });',
      "pages/api/auth/[...nextauth].ts":
        'import NextAuth from "next-auth";\nexport default NextAuth(options);',
    };
    expect(said("next-auth", files)).toEqual([
      "warn: pages/api/auth/[...nextauth].ts calls NextAuth itself; only its options are wrapped.",
    ]);
  });

  it("that is only imported for its types or helpers is no call", () => {
    const files = {
      "a.ts": 'import { getServerSession } from "next-auth";\ngetServerSession();',
      "b.ts": 'import type NextAuth from "next-auth";',
      "c.ts": 'import { useSession } from "next-auth/react";',
    };
    expect(said("next-auth", files)).toEqual(["warn: No call of NextAuth was found."]);
  });
});

describe("another set-up of OpenTelemetry", () => {
  const sdk = 'import { NodeSDK } from "@opentelemetry/sdk-node";\n';
  it.each<[string, Files]>([
    [
      "warn: NodeSDK in otel.ts has no audit processor.",
      { "otel.ts": `${sdk}new NodeSDK({}).start();` },
    ],
    [
      "ok: NodeSDK in otel.ts has authlog's processor.",
      { "otel.ts": `${sdk}${processor}new NodeSDK({ logRecordProcessors: [auditProcessor()] });` },
    ],
    [
      "warn: registerOTel in otel.ts has no audit processor.",
      { "otel.ts": 'import { registerOTel } from "@vercel/otel"; registerOTel("app");' },
    ],
    [
      "warn: LoggerProvider in otel.ts has no audit processor.",
      { "otel.ts": 'import * as logs from "@opentelemetry/sdk-logs"; new logs.LoggerProvider();' },
    ],
  ])("%s", (what, files) => expect(said("provider", files)).toEqual([what]));

  it("that a script loads before the app is told", () => {
    const scripts = {
      start: "node --import @opentelemetry/auto-instrumentations-node/register server.js",
    };
    const checks = wiringChecks({ ...appOf(), scripts });
    expect(checks.at(-1)).toMatchObject({ id: "wiring.provider", status: "warn" });
  });

  it("that NODE_OPTIONS loads, or an import starts by itself, is told", () => {
    const module = "@opentelemetry/auto-instrumentations-node/register";
    const [told] = wiringChecks(appOf(), `--require ${module}`).slice(-1);
    expect(told?.what).toBe("NODE_OPTIONS starts an OpenTelemetry of its own.");
    expect(said("provider", { "instrumentation.ts": `import "${module}";` })).toEqual([
      "warn: instrumentation.ts starts an OpenTelemetry of its own.",
    ]);
    expect(wiringChecks(appOf(), "--max-old-space-size=512").map(({ id }) => id)).not.toContain(
      "wiring.provider",
    );
  });

  it("is not seen where there is none", () => {
    expect(said("provider", { "a.ts": "class NodeSDK {}\nnew NodeSDK();" })).toEqual([]);
  });
});
