import { failureReasons, type Outcome, outcomes } from "../vocabulary.ts";
import { errorTypeOf } from "./error-type.ts";
import { readText } from "./read.ts";

/** How a handler of the app's ended. */
export interface Ending {
  outcome: Outcome;
  reason?: string;
  errorType?: string;
}

const succeeded: Ending = { outcome: outcomes.success };

/** What the statuses say that say more than their class. */
const reasons: Readonly<Record<number, string>> = {
  401: "unauthorized",
  403: failureReasons.accessDenied,
  404: "not_found",
  429: failureReasons.rateLimited,
};

/** How a handler ended that answered with a status. OpenTelemetry's type of such an error is the status. */
export function endingOfStatus(status: number): Ending {
  if (status < 400) return succeeded;
  return {
    outcome: outcomes.failure,
    reason: reasons[status] ?? (status < 500 ? "request_refused" : "server_error"),
    errorType: String(status),
  };
}

/** What Next.js throws to render later, or elsewhere: nothing has ended, and the handler runs again. */
const interruptions: ReadonlySet<string> = new Set([
  "BAILOUT_TO_CLIENT_SIDE_RENDERING",
  "DYNAMIC_SERVER_USAGE",
  "HANGING_PROMISE_REJECTION",
  "NEXT_PRERENDER_INTERRUPTED",
]);

/**
 * How a handler ended that threw. `redirect()`, `notFound()`, `forbidden()` and `unauthorized()` of
 * Next.js throw too: what they mean stands in the error's `digest`. `undefined` where nothing ended.
 */
export function endingOfThrown(error: unknown): Ending | undefined {
  const [kind = "", status = ""] = readText(error, "digest")?.split(";") ?? [];
  if (interruptions.has(kind)) return undefined;
  if (kind === "NEXT_REDIRECT") return succeeded;
  // Next.js 14 had a word of its own for the one status that it could throw.
  if (kind === "NEXT_NOT_FOUND") return endingOfStatus(404);
  if (kind === "NEXT_HTTP_ERROR_FALLBACK") return endingOfStatus(Number(status));
  return { outcome: outcomes.failure, errorType: errorTypeOf(error) };
}
