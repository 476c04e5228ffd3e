import type { App } from "../../../../src/cli/doctor/app.ts";
import type { AppStateFinding } from "../../../../src/cli/doctor/read-app-state.ts";
import type { JournalFinding } from "../../../../src/cli/doctor/read-journal.ts";
import type { AppState } from "../../../../src/setup/app-state.ts";

/** What a new app has after the README's install line. */
export const usual = {
  authlog: "0.1.0",
  next: "16.4.5",
  "next-auth": "5.0.0-beta.32",
  "@opentelemetry/api": "1.10.0",
} as const;

/** An app with these packages in place of the usual ones. */
export function appOf(packages: Readonly<Record<string, string>> = usual, folder = "/app"): App {
  return {
    folder,
    isPackage: true,
    install: "npm install",
    packages: new Map(
      Object.entries(packages).map(([name, version]) => [name, { name, version }] as const),
    ),
  };
}

/** When the checks look, in milliseconds since 1970. */
export const nowMillis = 1_800_000_000_000;

/** What an app says of itself that was set up as the README has it, and has delivered an event. */
export function stateOf(state: Partial<AppState> = {}): AppState {
  return {
    version: 1,
    pid: 4711,
    startTicks: "123",
    startedUnixMillis: nowMillis - 180_000,
    versions: { node: "24.21.0", authlog: "0.1.0" },
    setUpBy: "register",
    production: false,
    destination: { kind: "remote", url: "https://audit.example.com" },
    settings: [],
    provider: "authlog",
    wrapped: "function",
    lastEventUnixMillis: nowMillis - 60_000,
    takenBy: "processor",
    deliveredUnixMillis: nowMillis - 59_000,
    ...state,
  };
}

/** The same, as the doctor finds it. */
export const found = (state: Partial<AppState> = {}, running = true): AppStateFinding => ({
  kind: "found",
  state: stateOf(state),
  running,
});

/** A journal in which events wait. */
export function journalOf(depth: number): JournalFinding {
  const dir = "/app/.authlog/journal";
  const total = {
    segments: 1,
    bytes: 1_000,
    depth,
    oldestUnixMillis: nowMillis,
    confirmedUnixMillis: undefined,
  };
  const summary = { dir, lanes: [], unread: [], damaged: [], total };
  return { dir, summary, deadLetterPath: "/app/.authlog/dead-letter.jsonl", deadLetters: 0 };
}
