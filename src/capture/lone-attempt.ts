import { getSlot } from "../slot.ts";
import { failureReasons } from "../vocabulary.ts";
import type { AppFunction } from "./app-types.ts";
import { type AttemptName, beginAttempt, currentAttempt, recordFailure } from "./attempt.ts";
import { conclude } from "./conclude.ts";
import { errorTypeOf } from "./error-type.ts";
import type { Capture } from "./framework.ts";
import { readField, readText } from "./read.ts";
import { readRequest, requestOfContext } from "./request-context.ts";
import { headersOf } from "./request-of-call.ts";

/**
 * Wraps a function that NextAuth asks about an identity, so that what it says is never without an
 * attempt. Where the options are wrapped and the handler is not, none is under way: the call is the
 * attempt then, and ends with it. Its success is left to NextAuth's own event.
 */
export function inAttempt(
  app: AppFunction,
  hook: (app: AppFunction) => AppFunction,
  name: AttemptName,
  capture: Capture,
): AppFunction {
  const own = (app as Partial<Hooked>)[ownFunction] ?? app;
  const noted = hook(own);
  const hooked: AppFunction = function hooked(this: unknown, ...args: unknown[]) {
    const run = (): unknown => noted.apply(this, args);
    const isAlone = getSlot().enabled && currentAttempt() === undefined;
    return isAlone ? runAlone(name, capture, args[1], run) : run();
  };
  return Object.defineProperty(hooked, ownFunction, { value: own });
}

/**
 * Holds the app's own function of a hooked one. Options that another copy of the package has hooked are
 * hooked anew: only the copy that wrapped the handler knows the attempt under way.
 */
const ownFunction = Symbol.for("authlog.own-function.v1");

type Hooked = Record<typeof ownFunction, AppFunction>;

async function runAlone(
  name: AttemptName,
  capture: Capture,
  asked: unknown,
  run: () => unknown,
): Promise<unknown> {
  // `authorize` alone is given the request.
  const request =
    readField(asked, "headers") === undefined
      ? await requestOfContext()
      : readRequest(headersOf(asked), readText(asked, "method"), {});
  const attempt = beginAttempt({ name, target: { action: undefined }, request, capture });
  return conclude(attempt, async () => {
    try {
      return await run();
    } catch (error) {
      recordFailure(attempt, { reason: failureReasons.unknown, errorType: errorTypeOf(error) });
      throw error;
    }
  });
}
