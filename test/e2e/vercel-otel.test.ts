import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltApp, builtApp, example, repository } from "./support/built-app.ts";
import { run } from "../../src/cli/run.ts";
import { terminal } from "../unit/cli/recorded-terminal.ts";
import { ledgerIn } from "./support/installed-app.ts";
import { until } from "./support/until.ts";
import { FormClient } from "./support/form-client.ts";
import { arrivedEvents } from "./support/proven-events.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";
import { newTrace } from "./support/trace.ts";

const readme = readFileSync(join(repository, "README.md"), "utf8");
const [, instrumentation = ""] =
  /^```js\n(import \{ registerOTel \}[\s\S]*?)^```$/m.exec(readme) ?? [];

const app = {
  ...example("next-auth-v4"),
  name: "vercel-otel",
  files: {
    // The README's code is JavaScript: the package's types are of its own copy of the SDK.
    "instrumentation.ts": `// @ts-nocheck\n${instrumentation}`,
    "app/api/edge/route.ts":
      'export const runtime = "edge"; export const GET = () => new Response("from the edge");',
  },
};

describe("an app that @vercel/otel sets up, with the README's instrumentation.ts", () => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack", app);
  });

  it("audits with the span of the request and the provider's resource, and answers on the edge", async () => {
    await using ledger = await temporaryLedger();
    await using running = await startApp(built, {
      ...ledger.settings,
      NEXTAUTH_URL: "http://localhost:3000",
    });
    const trace = newTrace();
    await new FormClient(running.url).signIn("alice@example.com", "wrong", trace.headers);
    const [event] = await arrivedEvents(ledger, 'action:"auth.sign_in"');
    expect(event).toMatchObject({
      status: "failure:invalid_credentials",
      details: { trace_id: trace.traceId, "service.name": "shop" },
    });
    expect(event?.details["span_id"]).not.toBe(trace.spanId);
    expect(event?.details["authlog.trace.remote"]).toBeUndefined();
    const edge = await fetch(`${running.url}/api/edge`);
    expect(await edge.text()).toBe("from the edge");
    expect(running.output()).not.toMatch(/ERR_AUTHLOG|Error/);
  });

  it("in development, without a token, has the embedded ledger, and the doctor finds its event", async () => {
    rmSync(join(built.folder, ".authlog"), { recursive: true, force: true });
    const settings = { NEXTAUTH_URL: "http://localhost:3000" };
    await using running = await startApp(built, settings, "dev");
    await new FormClient(running.url).signIn("alice@example.com", "wrong");
    const ledger = await until("the embedded ledger", () => {
      try {
        return ledgerIn(built.folder);
      } catch {
        return undefined;
      }
    });
    expect(await arrivedEvents(ledger, 'action:"auth.sign_in"')).toMatchObject([
      { status: "failure:invalid_credentials" },
    ]);
    expect(running.output()).toContain(
      "authlog: events go to .authlog/ledger.db · npx authlog tail",
    );
    expect(running.output()).not.toContain("ERR_AUTHLOG");
    const report = terminal();
    await until("the delivery, in what the app says of itself", async () => {
      report.lines.length = 0;
      await run(["doctor", "--dir", built.folder, "--json", "--no-write"], report);
      return report.lines.join("").includes('"destination.delivery"') || undefined;
    });
    const { checks } = JSON.parse(report.lines.join("")) as {
      checks: { id: string; status: string }[];
    };
    const statuses = Object.fromEntries(checks.map(({ id, status }) => [id, status]));
    expect(statuses).toMatchObject({
      "wiring.register": "ok",
      "wiring.next-auth": "ok",
      "wiring.provider": "ok",
      "wiring.events": "ok",
      "destination.delivery": "ok",
      "destination.ledger": "ok",
    });
    expect(Object.values(statuses)).not.toContain("fail");
  });
});
