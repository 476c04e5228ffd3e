import type { App } from "./app.ts";
import { type Check, readme } from "./check.ts";
import { atLeast, parseVersion } from "./versions.ts";

type Line = "2.x" | "3.x";

const link = readme("combine-it-with-your-opentelemetry");

/**
 * Which line of OpenTelemetry the app is on, and whether its packages belong together.
 *
 * @param tracing whether the settings ask `register` for an SDK
 */
export function openTelemetryChecks(app: App, tracing: boolean): Check[] {
  const api = app.packages.get("@opentelemetry/api");
  if (api === undefined) {
    return [
      {
        id: "environment.otel-api",
        status: "warn",
        what: "@opentelemetry/api was not found.",
        why: "Events reach the audit log without it, but none of their traces, and nothing that the app emits by it.",
        hint: `${app.install} @opentelemetry/api`,
        link: readme("install"),
      },
    ];
  }
  return [checkApi(app, api.version), checkSdk(app, api.version, tracing)];
}

function checkApi({ authlogApi, install }: App, version: string): Check {
  const id = "environment.otel-api";
  if (!atLeast(version, [1, 9, 0]) || parseVersion(version)[0] !== 1) {
    return {
      id,
      status: "fail",
      what: `@opentelemetry/api ${version} does not fit.`,
      why: "authlog works with 1.9 (line 2.x) and from 1.10 on (line 3.x).",
      hint: `${install} @opentelemetry/api@1`,
      link,
    };
  }
  if (authlogApi !== undefined && authlogApi !== version) {
    return {
      id,
      status: "warn",
      what: `authlog gets @opentelemetry/api ${authlogApi}, and the app ${version}.`,
      why: "There are two copies; the older one may not see what the newer one registers.",
      hint: `${install} @opentelemetry/api@${version}`,
      link,
    };
  }
  return { id, status: "ok", what: `@opentelemetry/api ${version}`, why: "authlog has the same." };
}

function checkSdk({ packages, install }: App, api: string, tracing: boolean): Check {
  const id = "environment.otel-sdk";
  const sdks = ["@opentelemetry/sdk-node", "@opentelemetry/sdk-logs"]
    .map((name) => packages.get(name))
    .filter((found) => found !== undefined)
    .map((found) => ({ ...found, line: lineOf(found.name, found.version) }));
  const vercel = packages.get("@vercel/otel");
  const [first] = sdks;
  if (first === undefined && vercel !== undefined) {
    const why = "It brings line 2.x of the SDK with it.";
    return { id, status: "ok", what: `@vercel/otel ${vercel.version}`, why };
  }
  if (first === undefined) {
    return {
      id,
      status: tracing ? "warn" : "skip",
      what: "No OpenTelemetry SDK is installed.",
      why: tracing
        ? "AUTHLOG_TRACING or an OTEL_* variable asks for it: without it nothing goes to your collector."
        : "It is optional: tracing, and the exporters of OTEL_* variables, need it.",
      hint: `${install} @opentelemetry/sdk-node`,
      link,
    };
  }
  const line: Line = atLeast(api, [1, 10, 0]) ? "3.x" : "2.x";
  const odd = sdks.find((sdk) => sdk.line !== line);
  if (odd !== undefined) {
    return {
      id,
      status: "fail",
      what: `${odd.name} ${odd.version} and @opentelemetry/api ${api} are of different lines.`,
      why: "Line 2.x needs @opentelemetry/api before 1.10, line 3.x 1.10. A provider of one is not seen by the other.",
      hint: `${install} @opentelemetry/api@${odd.line === "3.x" ? "~1.10.0" : "~1.9.0"}`,
      link,
    };
  }
  const names = sdks.map(({ name, version }) => `${name} ${version}`).join(", ");
  const old = sdks.find(
    ({ version }) => parseVersion(version)[0] === 0 && !atLeast(version, [0, 203, 0]),
  );
  if (old !== undefined) {
    const what = `${old.name} ${old.version} is older than authlog is made for.`;
    const why = "Its processors and exporters lack what came with 0.203.";
    return { id, status: "warn", what, why, hint: `${install} ${old.name}@latest`, link };
  }
  return { id, status: "ok", what: `OpenTelemetry ${line}: ${names}`, why: `The API is ${api}.` };
}

/** `sdk-node` has been numbered 0.x on both lines: 0.2xx is of 2.x, 0.3xx of 3.x. */
function lineOf(name: string, version: string): Line {
  const third = name.endsWith("sdk-node") ? [0, 300, 0] : [3, 0, 0];
  return atLeast(version, third as [number, number, number]) ? "3.x" : "2.x";
}
