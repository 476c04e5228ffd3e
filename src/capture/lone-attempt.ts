import { getSlot } from "../slot.ts";
import { eventNames, failureReasons } from "../vocabulary.ts";
import type { AppFunction } from "./app-types.ts";
import { once } from "./around.ts";
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
  return once(app, (own) => {
    const noted = hook(own);
    return function hooked(this: unknown, ...args: unknown[]) {
      const run = (): unknown => noted.apply(this, args);
      const isAlone = getSlot().enabled && currentAttempt() === undefined;
      return isAlone ? runAlone(name, capture, args[1], run) : run();
    };
  });
}

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
      const reason =
        attempt.name === eventNames.verificationRequest
          ? failureReasons.emailSendFailed
          : failureReasons.unknown;
      recordFailure(attempt, { reason, errorType: errorTypeOf(error) });
      throw error;
    }
  });
}
