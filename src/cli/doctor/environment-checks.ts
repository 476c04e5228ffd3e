import type { App } from "./app.ts";
import { type Check, readme } from "./check.ts";
import { openTelemetryChecks } from "./opentelemetry-checks.ts";
import { atLeast, parseVersion } from "./versions.ts";

/** Whether what is installed is what authlog works with. */
export function environmentChecks(app: App, nodeVersion: string, tracing = false): Check[] {
  return [checkNode(nodeVersion), ...(app.isPackage ? installed(app, tracing) : [noApp(app)])];
}

function installed(app: App, tracing: boolean): Check[] {
  const openTelemetry = openTelemetryChecks(app, tracing);
  return [checkAuthlog(app), checkNext(app), checkNextAuth(app), ...openTelemetry];
}

function checkNode(version: string): Check {
  const id = "environment.node";
  const why = "authlog needs Node 22.15 or later.";
  if (atLeast(version, [22, 15, 0])) return { id, status: "ok", what: `Node ${version}`, why };
  const what = `Node ${version} is too old.`;
  return { id, status: "fail", what, why, hint: "nvm install 24", link: readme("install") };
}

function noApp({ folder }: App): Check {
  return {
    id: "environment.app",
    status: "fail",
    what: "This folder is no app.",
    why: `There is no package.json in ${folder}, so nothing about an app can be checked.`,
    hint: "npx authlog doctor --dir path/to/your/app",
  };
}

function checkAuthlog({ packages, install }: App): Check {
  const id = "environment.authlog";
  const found = packages.get("authlog");
  if (found !== undefined) {
    const why = "It is found from the app's folder, as Node finds it.";
    return { id, status: "ok", what: `authlog ${found.version}`, why };
  }
  return {
    id,
    status: "fail",
    what: "The app does not have authlog.",
    why: "It is in no node_modules from the app's folder upwards.",
    hint: `${install} authlog`,
    link: readme("install"),
  };
}

function checkNext({ packages, install }: App): Check {
  const id = "environment.next";
  const found = packages.get("next");
  if (found === undefined) {
    return {
      id,
      status: "warn",
      what: "Next.js was not found.",
      why: "It is in no node_modules from the app's folder upwards; without it nothing calls register.",
      hint: `${install} next`,
      link: readme("install"),
    };
  }
  const { version } = found;
  if (!atLeast(version, [14, 0, 0])) {
    return {
      id,
      status: "fail",
      what: `Next.js ${version} is too old.`,
      why: "Next.js calls instrumentation.ts from 14 on, and without a switch from 15 on.",
      hint: `${install} next@16`,
      link: readme("install"),
    };
  }
  if (!atLeast(version, [15, 0, 0])) {
    return {
      id,
      status: "warn",
      what: `Next.js ${version} calls register only if next.config says so.`,
      why: "Next.js 14 has a switch for instrumentation.ts, in next.config.mjs; from 15 on there is none.",
      hint: "export default { experimental: { instrumentationHook: true } };",
      link: readme("install"),
    };
  }
  return { id, status: "ok", what: `Next.js ${version}`, why: "It calls instrumentation.ts." };
}

function checkNextAuth({ packages, install }: App): Check {
  const id = "environment.next-auth";
  const link = readme("what-is-captured");
  const found = packages.get("next-auth");
  if (found === undefined) {
    const what = "next-auth was not found.";
    const why = "Without it there is no sign-in to capture; events of your app's own still arrive.";
    return { id, status: "warn", what, why, hint: `${install} next-auth`, link };
  }
  const { version } = found;
  const [major] = parseVersion(version);
  if (major === 5 || (major === 4 && atLeast(version, [4, 24, 0]))) {
    return {
      id,
      status: "ok",
      what: `next-auth ${version}`,
      why: "Captured: 4.24 and later, and 5.",
    };
  }
  return {
    id,
    status: major > 5 ? "warn" : "fail",
    what: `next-auth ${version} is not one that authlog was made for.`,
    why: "Captured are 4.24 and later, and 5.",
    hint: `${install} next-auth@4`,
    link,
  };
}
