/** How a check ended. `skip`: it had nothing to look at, which is no fault. */
export type CheckStatus = "ok" | "warn" | "fail" | "skip";

/** The parts of a report, in the order in which they are shown. */
export const checkGroups = [
  "environment",
  "wiring",
  "configuration",
  "journal",
  "destination",
] as const;

export type CheckGroup = (typeof checkGroups)[number];

/** What one check found: pure data, with no word on how it is shown. */
export interface Check {
  /** Stable, and begins with its group: `environment.node`. */
  readonly id: `${CheckGroup}.${string}`;
  readonly status: CheckStatus;
  /** What was found, in one sentence. */
  readonly what: string;
  /** What was looked at, or why it matters. */
  readonly why: string;
  /** A command or a piece of code that can be pasted as it stands. */
  readonly hint?: string;
  /** The section to read on in, as a path from the app's folder. */
  readonly link?: string;
}

/** A section of the README, or of the page of errors where it is the anchor of a code. */
export const readme = (anchor: string): string =>
  `node_modules/authlog/${anchor.startsWith("err_authlog_") ? "docs/errors.md" : "README.md"}#${anchor}`;
