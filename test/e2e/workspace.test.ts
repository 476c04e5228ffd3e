import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spanReceiver } from "./support/span-receiver.ts";
import { FormClient } from "./support/form-client.ts";
import {
  type InstalledApp,
  ledgerIn,
  newApp,
  packed,
  temporaryRoom,
} from "./support/installed-app.ts";
import { nextAuth5, pick, settings } from "./support/new-app-files.ts";
import { arrivedEvents } from "./support/proven-events.ts";
import { newTrace } from "./support/trace.ts";
import { until } from "./support/until.ts";

let room: ReturnType<typeof temporaryRoom>;
beforeAll(() => {
  room = temporaryRoom();
});
afterAll(() => room[Symbol.dispose]());

const pnpm = join(import.meta.dirname, "../../node_modules/pnpm/bin/pnpm.cjs");

const { "tsconfig.json": tsconfig = "", "auth.config.ts": config = "" } = nextAuth5.files;
const { "auth.ts": auth = "", "instrumentation.ts": instrumentation = "" } = nextAuth5.files;
const { "app/layout.tsx": layout = "", "app/page.tsx": page = "" } = nextAuth5.files;

/** Turborepo's layout: the app depends on a package of the workspace, and that alone on authlog. */
function workspace(tarball: string): Readonly<Record<string, string>> {
  const own = ["next", "react", "react-dom"];
  const types = ["typescript", "@types/react", "@types/node"];
  return {
    "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n",
    "packages/identity/package.json": JSON.stringify({
      name: "@acme/identity",
      private: true,
      type: "module",
      exports: { "./*": "./*.ts" },
      dependencies: {
        ...pick("package.json", ...own, "next-auth", "@opentelemetry/sdk-node"),
        authlog: `file:${tarball}`,
      },
    }),
    "packages/identity/auth.ts": auth,
    "packages/identity/auth.config.ts": config,
    "packages/identity/instrumentation.ts": instrumentation,
    "apps/web/package.json": JSON.stringify({
      name: "web",
      private: true,
      dependencies: { ...pick("package.json", ...own), "@acme/identity": "workspace:*" },
      devDependencies: pick("package.json", ...types),
    }),
    "apps/web/next.config.ts": `export default { transpilePackages: ["@acme/identity"] };\n`,
    "apps/web/tsconfig.json": tsconfig,
    "apps/web/instrumentation.ts": `export { register } from "@acme/identity/instrumentation";\n`,
    "apps/web/app/layout.tsx": layout,
    "apps/web/app/page.tsx": page,
    "apps/web/app/api/auth/[...nextauth]/route.ts": `
      import { handlers } from "@acme/identity/auth";
      export const { GET, POST } = handlers;
    `,
  };
}

describe("a pnpm workspace in which only a shared package depends on authlog", () => {
  let root: InstalledApp;

  beforeAll(async () => {
    root = newApp(room.path, "acme");
    root.write(workspace(await packed(room.path)));
    await root.shell(`"${process.execPath}" "${pnpm}" install --prefer-offline --ignore-scripts`);
  });

  it.each(["turbopack", "webpack"])(
    "has the embedded ledger in development, and OpenTelemetry's SDK, bundled by %s",
    { timeout: 180_000 },
    async (bundler) => {
      const web = root.inside(`apps/web`);
      await using receiver = await spanReceiver();
      await using running = await web.start("dev", { ...settings, ...receiver.settings }, [
        `--${bundler}`,
      ]);
      const trace = newTrace();
      await new FormClient(running.url).signIn("ada@example.com", "wrong", trace.headers);
      const ledger = await until("the embedded ledger", () => {
        try {
          return ledgerIn(web.folder);
        } catch {
          return undefined;
        }
      });
      const [event] = await arrivedEvents(ledger, `"${trace.traceId}"`);
      expect(event).toMatchObject({
        status: "failure:invalid_credentials",
        details: { trace_id: trace.traceId },
      });
      await receiver.requestSpan(trace.traceId, event?.details["span_id"]);
      expect(running.output()).not.toContain("ERR_AUTHLOG");
    },
  );
});
