import { describe, expect, it } from "vitest";
import { defineSchema } from "../../../src/audit-schema/define-schema.ts";
import { resolveConfig } from "../../../src/setup/config.ts";

describe("a setting", () => {
  it("comes from code, else from the environment, else from the default, and knows from where", () => {
    const env = { OTEL_BLRP_MAX_QUEUE_SIZE: "100", OTEL_BLRP_SCHEDULE_DELAY: "50" };
    const { batch } = resolveConfig({ batch: { maxQueueSize: 700 } }, env);
    expect(batch.maxQueueSize).toEqual({ value: 700, source: "code" });
    expect(batch.scheduledDelayMillis).toEqual({
      value: 50,
      source: "environment",
      variable: "OTEL_BLRP_SCHEDULE_DELAY",
    });
    expect(batch.exportTimeoutMillis).toEqual({ value: 30_000, source: "default" });
  });

  it.each(["", "  ", "many", "-1", "1.5", "1e99", "NaN", "0x"])(
    "that is %j where a number belongs is a problem, and the default is taken",
    (value) => {
      const config = resolveConfig({}, { OTEL_BLRP_EXPORT_TIMEOUT: value });
      expect(config.batch.exportTimeoutMillis.value).toBe(30_000);
      // An empty variable is one that is not set, as OpenTelemetry's rules say.
      expect(config.problems).toHaveLength(value === "" ? 0 : 1);
    },
  );

  it("that cannot be used names itself and the mend, and never shows its value", () => {
    const secret = "pts_secret_in_the_wrong_place";
    const [problem] = resolveConfig({}, { AUTHLOG_LEDGER_PORT: secret }).problems;
    expect(problem?.code).toBe("ERR_AUTHLOG_CONFIG_INVALID");
    expect(problem?.message).toContain("AUTHLOG_LEDGER_PORT");
    expect(`${problem?.message}${problem?.why}${problem?.fix}`).not.toContain(secret);
    expect(problem?.why).toContain("29 characters");
  });

  it.each([
    ["true", true],
    ["1", true],
    ["FALSE", false],
    ["0", false],
  ])("AUTHLOG_ENABLED=%s is %s", (value, enabled) => {
    expect(resolveConfig({}, { AUTHLOG_ENABLED: value }).enabled.value).toBe(enabled);
  });
});

it("a word that every object knows is no value of a setting", () => {
  const config = resolveConfig({}, { AUTHLOG_ENABLED: "constructor" });
  expect(config.enabled).toEqual({ value: true, source: "default" });
  expect(config.problems).toHaveLength(1);
});

it("a batch is never larger than the queue", () => {
  const { batch } = resolveConfig({}, { OTEL_BLRP_MAX_QUEUE_SIZE: "10" });
  expect(batch.maxExportBatchSize.value).toBe(10);
});

it("spans are exported only where OpenTelemetry's own variables name a place", () => {
  expect(resolveConfig({}, {}).otel.exportsSpans).toBe(false);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
  expect(resolveConfig({}, env).otel.exportsSpans).toBe(true);
});

describe("delivery", () => {
  it("is set in the environment as in code", () => {
    const config = resolveConfig(
      { retry: { giveUpAfter: 3 } },
      {
        AUTHLOG_MAX_IN_FLIGHT: "8",
        AUTHLOG_MAX_REQUEST_BYTES: "65536",
        AUTHLOG_RETRY_INITIAL_BACKOFF: "100",
        AUTHLOG_RETRY_MAX_BACKOFF: "5000",
        AUTHLOG_RETRY_GIVE_UP_AFTER: "99",
        AUTHLOG_SIGNING_KEY_FILE: "/run/secrets/key.pem",
        AUTHLOG_DEAD_LETTER_PATH: "/var/lib/app/letters.jsonl",
        PANGEA_AUDIT_TENANT_ID: "acme",
      },
    );
    expect(config.problems).toEqual([]);
    const { maxInFlight, maxRequestBytes, retry, signingKeyFile, deadLetterPath } = config;
    expect([maxInFlight.value, maxRequestBytes.value]).toEqual([8, 65_536]);
    expect(retry).toEqual({
      initialBackoffMillis: {
        value: 100,
        source: "environment",
        variable: "AUTHLOG_RETRY_INITIAL_BACKOFF",
      },
      maxBackoffMillis: {
        value: 5_000,
        source: "environment",
        variable: "AUTHLOG_RETRY_MAX_BACKOFF",
      },
      giveUpAfter: { value: 3, source: "code" },
    });
    expect(signingKeyFile.value).toBe("/run/secrets/key.pem");
    expect(deadLetterPath.value).toBe("/var/lib/app/letters.jsonl");
    expect(config.tenantId.value).toBe("acme");
  });

  it.each(["standard", "tutorial", "tutorial-with-ids"])("takes the schema %s by name", (name) => {
    expect(resolveConfig({}, { AUTHLOG_SCHEMA: name }).schema.value.name).toBe(name);
  });

  it("takes a schema of the app's own in code, and no other name", () => {
    const schema = defineSchema({ name: "mine", fields: {}, map: () => ({}) });
    expect(resolveConfig({ schema }, {}).schema).toEqual({ value: schema, source: "code" });
    const config = resolveConfig({}, { AUTHLOG_SCHEMA: "constructor" });
    expect(config.schema.value.name).toBe("standard");
    expect(config.problems.map(({ message }) => message)).toEqual([
      "AUTHLOG_SCHEMA cannot be used; authlog goes on without it.",
    ]);
  });

  it.each([
    ["AUTHLOG_DURABILITY", "one of process, disk, memory"],
    ["AUTHLOG_SCHEMA", "one of standard, tutorial, tutorial-with-ids, or in code a schema"],
    ["AUTHLOG_LEDGER_PORT", "a whole number from 0 to 65535"],
  ])("says what %s can be", (variable, values) => {
    const [problem] = resolveConfig({}, { [variable]: "none" }).problems;
    expect(problem?.why).toBe(`${variable} is a text of 4 characters, and must be ${values}.`);
    expect(problem?.fix).toBe(`Set ${variable} to ${values}, or take it away.`);
  });
});

describe("tracing", () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
  it.each<[string, Record<string, string>, boolean]>([
    ["no variable", {}, false],
    ["a variable that names a service alone", { OTEL_SERVICE_NAME: "shop" }, false],
    ["an endpoint", endpoint, true],
    ["an exporter of metrics alone", { OTEL_METRICS_EXPORTER: "console" }, true],
    [
      "an endpoint, and an SDK that is switched off",
      { ...endpoint, OTEL_SDK_DISABLED: "TRUE" },
      false,
    ],
    ["an endpoint, and tracing that is switched off", { ...endpoint, AUTHLOG_TRACING: "0" }, false],
    ["nothing but AUTHLOG_TRACING", { AUTHLOG_TRACING: "true" }, true],
  ])("with %s", (_, env, tracing) => {
    expect(resolveConfig({}, env).tracing.value).toBe(tracing);
    expect(resolveConfig({ tracing: !tracing }, env).tracing.value).toBe(!tracing);
  });
});

it.each<[string, Record<string, string>, object]>([
  ["", {}, {}],
  ["a=b", {}, { a: "b" }],
  [" a = b%2Cc , d= ,", {}, { a: "b,c", d: "" }],
  ["service.name=a", { OTEL_SERVICE_NAME: "b" }, { "service.name": "b" }],
])("the resource of OTEL_RESOURCE_ATTRIBUTES=%j %j", (text, env, attributes) => {
  const { resource, problems } = resolveConfig({}, { OTEL_RESOURCE_ATTRIBUTES: text, ...env });
  expect({ attributes: resource.value, problems }).toEqual({ attributes, problems: [] });
});

it.each(["a", "=b", "a=%zz", "a=b,,c"])("no resource is made of %j", (text) => {
  const { resource, problems } = resolveConfig({}, { OTEL_RESOURCE_ATTRIBUTES: text });
  expect(resource.value).toEqual({});
  expect(problems).toHaveLength(1);
});
