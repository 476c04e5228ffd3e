import type { EventProvider } from "../event/auth-event.ts";
import type { AppConfig } from "./app-types.ts";
import type { Attempt, Failure } from "./attempt.ts";

/** What the two majors of NextAuth do not have in common. */
export interface Framework {
  /** The major version. */
  readonly version: "4" | "5";
  /** What a call of `logger.error` says of the attempt under way, or of none. */
  describeError(args: readonly unknown[]): Failure | undefined;
  /** What an `authorize` that threw says; `undefined` where the framework's logger says it better. */
  describeThrown(error: unknown): Failure | undefined;
  /** Says more of a failure, by what the attempt was about. */
  refine(failure: Failure, attempt: Attempt): Failure;
  /** What the framework does with an error where the app has no logger of its own. */
  printError(args: readonly unknown[]): void;
}

/** One wrapped NextAuth. */
export interface Capture {
  /** Known for sure once NextAuth has been called, and so before any request. */
  framework: Framework;
  /** The app's providers by id, as far as they have been made. */
  readonly providers: Map<string, EventProvider>;
  /** The configuration that NextAuth was given last: it writes into it what it found itself. */
  config?: AppConfig;
}
