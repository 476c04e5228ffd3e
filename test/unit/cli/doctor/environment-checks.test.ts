import { describe, expect, it } from "vitest";
import { environmentChecks } from "../../../../src/cli/doctor/environment-checks.ts";
import { appOf, usual } from "./app-of.ts";

const statusOf = (id: string, packages: Record<string, string>, node = "24.1.0"): string => {
  const checks = environmentChecks(appOf({ ...usual, ...packages }), node);
  const { status, what } = checks.find((check) => check.id === `environment.${id}`) ?? {};
  return `${status}: ${what}`;
};

describe("the environment", () => {
  it.each([
    ["22.14.9", "fail: Node 22.14.9 is too old."],
    ["20.19.0", "fail: Node 20.19.0 is too old."],
    ["22.15.0", "ok: Node 22.15.0"],
    ["26.10.0", "ok: Node 26.10.0"],
  ])("Node %s: %s", (node, said) => expect(statusOf("node", {}, node)).toBe(said));

  it.each([
    ["next", "13.5.6", "fail: Next.js 13.5.6 is too old."],
    ["next", "14.2.0", "warn: Next.js 14.2.0 calls register only if next.config says so."],
    ["next", "15.0.0", "ok: Next.js 15.0.0"],
    ["next-auth", "3.29.10", "fail: next-auth 3.29.10 is not one that authlog was made for."],
    ["next-auth", "4.23.2", "fail: next-auth 4.23.2 is not one that authlog was made for."],
    ["next-auth", "4.24.15", "ok: next-auth 4.24.15"],
    ["next-auth", "6.0.0", "warn: next-auth 6.0.0 is not one that authlog was made for."],
  ])("%s %s: %s", (name, version, said) => {
    expect(statusOf(name, { [name]: version })).toBe(said);
  });

  it.each([
    [{ "@opentelemetry/sdk-node": "0.301.0" }, "ok: OpenTelemetry 3.x"],
    [{ "@opentelemetry/sdk-logs": "3.1.1" }, "ok: OpenTelemetry 3.x"],
    [
      { "@opentelemetry/api": "1.9.1", "@opentelemetry/sdk-node": "0.223.0" },
      "ok: OpenTelemetry 2.x",
    ],
    [{ "@vercel/otel": "2.1.3", "@opentelemetry/api": "1.9.1" }, "ok: @vercel/otel 2.1.3"],
    [{ "@opentelemetry/sdk-node": "0.223.0" }, "fail: @opentelemetry/sdk-node 0.223.0 and"],
    [
      { "@opentelemetry/api": "1.9.1", "@opentelemetry/sdk-logs": "3.1.1" },
      "fail: @opentelemetry/sdk-logs",
    ],
    [
      { "@opentelemetry/api": "1.9.1", "@opentelemetry/sdk-node": "0.200.0" },
      "warn: @opentelemetry/sdk-node 0.200.0 is older",
    ],
    [{}, "skip: No OpenTelemetry SDK is installed."],
  ])("with %j: %s", (packages, said) => {
    expect(statusOf("otel-sdk", packages)).toMatch(new RegExp(`^${said}`));
  });

  it("two copies of the API are a warning, and an API that is too old a fault", () => {
    const [, , , , api] = environmentChecks({ ...appOf(), authlogApi: "1.9.1" }, "24.1.0");
    expect(api).toMatchObject({ status: "warn", hint: "npm install @opentelemetry/api@1.10.0" });
    expect(statusOf("otel-api", { "@opentelemetry/api": "1.8.0" })).toMatch(/^fail/);
  });

  it("of an app with nothing installed each absence is told once, with the command that mends it", () => {
    const checks = environmentChecks(appOf({}), "24.1.0").slice(1);
    expect(checks.map(({ id, status, hint }) => [id, status, hint])).toEqual([
      ["environment.authlog", "fail", "npm install authlog"],
      ["environment.next", "warn", "npm install next"],
      ["environment.next-auth", "warn", "npm install next-auth"],
      ["environment.otel-api", "warn", "npm install @opentelemetry/api"],
    ]);
  });

  it("of a folder that is no app, only Node is looked at", () => {
    const checks = environmentChecks({ ...appOf(), isPackage: false }, "24.1.0");
    expect(checks.map(({ id, status }) => `${id} ${status}`)).toEqual([
      "environment.node ok",
      "environment.app fail",
    ]);
  });
});
