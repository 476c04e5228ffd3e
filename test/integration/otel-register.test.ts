import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLedger } from "../../src/ledger-server/start-ledger.ts";
import { collectorProgram, startCollector } from "../support/collector.ts";
import { createLineApp, type LineApp, linePlaces } from "../support/line-app.ts";
import { readTrail } from "../support/trail.ts";

/** An app's process: registers authlog, signs in within a span, and runs dry. */
const script = `
  import { createRequire } from "node:module";
  import { register } from "./dist/instrumentation.js";
  import { emitEvent } from "./dist/src/capture/emit-event.js";

  await register();
  const require = createRequire(createRequire(import.meta.url).resolve("@opentelemetry/sdk-node"));
  require("@opentelemetry/api").trace.getTracer("app").startActiveSpan("POST", (span) => {
    emitEvent({
      name: "auth.sign_in",
      timeUnixMillis: Date.now(),
      outcome: "success",
      user: { id: "42" },
      framework: { name: "next-auth", version: "5" },
    });
    process.stdout.write(span.spanContext().traceId);
    span.end();
  });
`;

let app: LineApp;

describe.skipIf(collectorProgram === undefined).each(linePlaces)(
  "register() on %s, with a collector named in the environment",
  (_, place) => {
    beforeEach(() => {
      app = createLineApp(place, script);
    });
    afterEach(() => app.remove());

    it.each(["http/protobuf", "http/json", "grpc"])(
      "sends each record to both, over %s, though the process runs dry at once",
      { timeout: 20_000 },
      async (protocol) => {
        await using collector = await startCollector(collectorProgram ?? "");
        const ledger = await startLedger({ path: join(app.folder, "ledger.db"), port: 0 });
        const { stdout: traceId, stderr } = await app.run({
          PANGEA_TOKEN: ledger.token,
          PANGEA_BASE_URL_TEMPLATE: ledger.url,
          OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? collector.grpcUrl : collector.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_SERVICE_NAME: "shop",
          OTEL_BLRP_SCHEDULE_DELAY: "600000",
          OTEL_METRICS_EXPORTER: "none",
          OTEL_TRACES_EXPORTER: "none",
        });
        const trail = await readTrail(ledger);
        await ledger.close();
        const records = await collector.records(1);
        expect(stderr).toBe("");
        expect(trail).toMatchObject([{ action: "auth.sign_in", details: { trace_id: traceId } }]);
        expect(records).toMatchObject([
          {
            eventName: "auth.sign_in",
            traceId,
            resource: { "service.name": "shop" },
            attributes: { "log.record.uid": trail[0]?.details["log.record.uid"] },
          },
        ]);
      },
    );
  },
);
