import { getSlot } from "../../slot.ts";
import type { AppFunction } from "../app-types.ts";
import { type Attempt, beginAttempt } from "../attempt.ts";
import { conclude } from "../conclude.ts";
import { guarded } from "../emit-event.ts";
import type { Capture } from "../framework.ts";
import { recordedPath } from "../recorded-path.ts";
import { readRequest } from "../request-context.ts";
import { attemptOf, readTarget } from "../request-target.ts";

/** Wraps a route handler of Auth.js, so that each attempt that goes through it ends as one event. */
export function wrapHandler(handler: AppFunction, capture: Capture): AppFunction {
  return function wrapped(this: unknown, ...args: unknown[]) {
    const run = (): unknown => handler.apply(this, args);
    if (!getSlot().enabled) return run();
    const attempt = guarded(() => readAttempt(args[0], capture));
    return attempt === undefined ? run() : conclude(attempt, run);
  };
}

function readAttempt(request: unknown, capture: Capture): Attempt | undefined {
  if (!(request instanceof Request)) return undefined;
  const { headers, method } = request;
  const url = new URL(request.url);
  const target = readTarget(url);
  return beginAttempt({
    name: attemptOf(target, method),
    target,
    request: readRequest(headers, method, {
      route: recordedPath(url.pathname, target, capture.providers),
    }),
    capture,
  });
}
