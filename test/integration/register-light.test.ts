import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { createLineApp, type LineApp, linePlaces } from "../support/line-app.ts";
import { readTrail, type TrailEvent } from "../support/trail.ts";

/** Registers authlog, and emits by authlog, and by the app's own use of the API. */
const script = `
  import { createRequire, registerHooks } from "node:module";
  const loaded = [];
  registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
  const { register } = await import("./dist/instrumentation.js");
  const { emitEvent } = await import("./dist/src/capture/emit-event.js");

  await register();
  const ofOpenTelemetry = loaded.filter((url) => url.includes("@opentelemetry"));
  emitEvent({
    name: "auth.sign_in",
    timeUnixMillis: Date.now(),
    outcome: "success",
    user: { id: "42" },
    framework: { name: "next-auth", version: "5" },
    request: { caller: { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 } },
  });
  const require = createRequire(createRequire(import.meta.url).resolve("@opentelemetry/sdk-node"));
  const api = require("@opentelemetry/api");
  const { logs } = api.logs === undefined ? require("@opentelemetry/api-logs") : api;
  const logger = logs.getLogger("shop", "1.2.3");
  logger.emit({ eventName: "shop.order", attributes: { amount: 3 } });
  const provider = logs.getLoggerProvider();
  await provider.forceFlush();
  const registered = Object.keys(globalThis[Symbol.for("opentelemetry.js.api.1")] ?? {});
  process.stdout.write(JSON.stringify({
    ofOpenTelemetry: ofOpenTelemetry.length,
    registered: registered.filter((name) => name !== "version"),
    loggerIsEnabled: logger.enabled?.() ?? true,
  }));
`;

interface Said {
  ofOpenTelemetry: number;
  registered: string[];
  loggerIsEnabled: boolean;
}

describe.each(linePlaces)("register() on %s", (line, place) => {
  let app: LineApp;

  beforeEach(() => {
    app = createLineApp(place, script);
  });
  afterEach(() => app.remove());

  async function run(
    env: Record<string, string> = {},
  ): Promise<{ said: Said; stderr: string; trail: TrailEvent[] }> {
    const ledger = await startLedger({ path: join(app.folder, "ledger.db"), port: 0 });
    const { stdout, stderr } = await app.run({
      PANGEA_TOKEN: ledger.token,
      PANGEA_BASE_URL_TEMPLATE: ledger.url,
      ...env,
    });
    const trail = await readTrail(ledger);
    await ledger.close();
    return { said: JSON.parse(stdout) as Said, stderr, trail };
  }

  it("loads no package of OpenTelemetry, and registers nothing but a provider of loggers", async () => {
    const { said, stderr } = await run();
    expect({ said, stderr }).toEqual({
      said: {
        ofOpenTelemetry: 0,
        // The 2.x line keeps its loggers elsewhere, and its API is left alone.
        registered: line === "OpenTelemetry 3.x" ? ["logs"] : [],
        loggerIsEnabled: true,
      },
      stderr: "",
    });
  });

  it("gives records the resource of the environment and the caller's trace", async () => {
    const { trail } = await run({
      OTEL_SERVICE_NAME: "shop",
      OTEL_RESOURCE_ATTRIBUTES: "service.name=other, service.version=a%20test",
    });
    expect(trail).toMatchObject([
      {
        action: "auth.sign_in",
        details: {
          "service.name": "shop",
          "service.version": "a test",
          trace_id: "a".repeat(32),
          "authlog.trace.remote": true,
        },
      },
    ]);
  });

  it("says which list of attributes cannot be used, and takes none of it", async () => {
    const { trail, stderr } = await run({ OTEL_RESOURCE_ATTRIBUTES: "a=b,c=%zz" });
    expect(stderr).toContain("OTEL_RESOURCE_ATTRIBUTES cannot be used");
    expect(trail[0]?.details).not.toHaveProperty("a");
  });

  it("with AUTHLOG_TRACING=false starts no SDK for a destination that is named", async () => {
    const { said, stderr } = await run({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      AUTHLOG_TRACING: "false",
    });
    expect({ stderr, ...said }).toMatchObject({ stderr: "", ofOpenTelemetry: 0 });
  });

  it("with AUTHLOG_TRACING=true starts the SDK though no destination is named", async () => {
    const { said, stderr, trail } = await run({ AUTHLOG_TRACING: "true" });
    expect(stderr).toBe("");
    expect(said.ofOpenTelemetry).toBeGreaterThan(0);
    expect(said.registered).toContain("trace");
    expect(trail).toMatchObject([{ action: "auth.sign_in" }]);
  });
});
