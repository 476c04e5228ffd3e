import type { AppState } from "../../setup/app-state.ts";
import { age } from "../journal/units.ts";
import type { App } from "./app.ts";
import { type Check, readme } from "./check.ts";
import { checkNeverRan } from "./never-ran.ts";
import type { AppStateFinding } from "./read-app-state.ts";

const id = "wiring.register";

/** Whether the two edits of the README were made, by what the app itself says that it did. */
export function wiringChecks(app: App, finding: AppStateFinding, nowMillis: number): Check[] {
  if (!app.isPackage) return [];
  switch (finding.kind) {
    case "missing":
      return [checkNeverRan(app)];
    case "unreadable": {
      const what = "What the app says of itself cannot be read.";
      const why = `${finding.path}: ${finding.reason}. What authlog did not write it leaves as it is: remove it, and start the app.`;
      return [{ id, status: "warn", what, why, hint: "npm run dev" }];
    }
    case "found": {
      const { state, running } = finding;
      return [
        checkSetUp(state, running, nowMillis),
        ...(app.packages.has("next-auth") ? [checkNextAuth(state)] : []),
        checkProvider(state),
        checkEvents(state, nowMillis),
      ];
    }
  }
}

function checkSetUp(state: AppState, running: boolean, nowMillis: number): Check {
  const { pid, setUpBy, startedUnixMillis, versions } = state;
  const who = `${setUpBy} ran in process ${pid}, which started ${age(nowMillis - startedUnixMillis)} ago`;
  const by = `authlog ${versions.authlog ?? "of an unknown version"}, Node ${versions.node}`;
  return running
    ? { id, status: "ok", what: `${who}.`, why: by }
    : {
        id,
        status: "skip",
        what: `The app does not run now: ${who}.`,
        why: `${by}. What is said of the app below is what that process said last.`,
      };
}

const wrapHint = [
  'import { withAuthlog } from "authlog/next-auth";',
  "const AuditedNextAuth = withAuthlog(NextAuth);",
].join("\n");

function checkNextAuth({ wrapped }: AppState): Check {
  const about = { id: "wiring.next-auth", hint: wrapHint, link: readme("install") } as const;
  if (wrapped === "function") {
    return { id: about.id, status: "ok", what: "NextAuth is wrapped.", why: "withAuthlog ran." };
  }
  if (wrapped === "options") {
    return {
      ...about,
      status: "warn",
      what: "Options of NextAuth are wrapped, its function is not.",
      why: "Failures that only the handler sees are missed then. Wrap the function too, and call that.",
    };
  }
  return {
    ...about,
    status: "warn",
    what: "NextAuth has not been wrapped since the app started.",
    why: "Next.js loads a route when it is first asked for: open the sign-in page, and ask again. If this stays, nothing that NextAuth does is captured: call the wrapped one in its place.",
  };
}

const processorHint =
  'import { auditProcessor } from "authlog/otel";\nnew NodeSDK({ logRecordProcessors: [auditProcessor()] }).start();';

function checkProvider({ provider, takenBy, setUpBy }: AppState): Check {
  const about = { id: "wiring.provider" } as const;
  if (takenBy === "sink" && provider === "app") {
    return {
      ...about,
      status: "warn",
      what: "The app's own LoggerProvider has no audit processor.",
      why: "authlog delivers past it and says ERR_AUTHLOG_NO_PROCESSOR. Give it the processor.",
      hint: processorHint,
      link: readme("combine-it-with-your-opentelemetry"),
    };
  }
  if (provider === "app" || provider === undefined) {
    const what = "The app has a LoggerProvider of its own.";
    if (takenBy === undefined) {
      const why = `Whether it hands events to authlog shows with the first one. ${setUpBy} ran.`;
      return { ...about, status: "skip", what, why };
    }
    return { ...about, status: "ok", what, why: "It hands events to authlog's processor." };
  }
  return { ...about, status: "ok", ...ownProviders[provider] };
}

const ownProviders = {
  authlog: {
    what: "register made a LoggerProvider, and no tracer.",
    why: "Nothing asks for one: AUTHLOG_TRACING, or an OTEL_* variable, would.",
  },
  "sdk-node": {
    what: "register started @opentelemetry/sdk-node.",
    why: "tracing, or an OTEL_* variable, asks for it.",
  },
  none: {
    what: "OpenTelemetry's SDK is switched off; events go past it.",
    why: "OTEL_SDK_DISABLED says so.",
  },
} as const;

function checkEvents({ lastEventUnixMillis }: AppState, nowMillis: number): Check {
  if (lastEventUnixMillis === undefined) {
    const what = "No event has come since the app started.";
    return {
      id: "wiring.events",
      status: "skip",
      what,
      why: "Sign in, or fail to, and ask again.",
    };
  }
  const what = `The last event came ${age(nowMillis - lastEventUnixMillis)} ago.`;
  return { id: "wiring.events", status: "ok", what, why: "The app says so itself." };
}
