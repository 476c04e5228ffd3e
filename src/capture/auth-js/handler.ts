import { getSlot } from "../../slot.ts";
import type { AppFunction } from "../app-types.ts";
import { type Attempt, beginAttempt, type Failure } from "../attempt.ts";
import { conclude } from "../conclude.ts";
import { guarded } from "../emit-event.ts";
import type { Capture } from "../framework.ts";
import {
  checkCookiesOf,
  cookieIn,
  copyForm,
  isAnswer,
  reasonOfAnswer,
  unchecked,
  unproven,
} from "../provider-answer.ts";
import { readField, readText } from "../read.ts";
import { recordedPath } from "../recorded-path.ts";
import { unreadableBody } from "../refusals.ts";
import { readRequest } from "../request-context.ts";
import { attemptOf, readTarget5 } from "../request-target.ts";
import { foreign } from "./outcome.ts";

/** Wraps a route handler of Auth.js, so that each attempt that goes through it ends as one event. */
export function wrapHandler(handler: AppFunction, capture: Capture): AppFunction {
  return function wrapped(this: unknown, ...args: unknown[]) {
    const run = (): unknown => handler.apply(this, args);
    if (!getSlot().enabled) return run();
    const [request] = args;
    const attempt = guarded(() => readAttempt(request, capture));
    if (attempt === undefined || !(request instanceof Request)) return run();
    const form = copyForm(request, attempt);
    return conclude(attempt, run, async (answer) => {
      const { failure } = attempt;
      if (failure?.isClaimed && isAnswer(attempt) && !attempt.identityTried) {
        attempt.failure = judgeAnswer(failure, attempt, request, await form);
      } else if ((failure ?? foreign) === foreign && (await isBadRequest(answer))) {
        attempt.failure = unreadableBody;
      }
      return undefined;
    });
  };
}

function readAttempt(request: unknown, capture: Capture): Attempt | undefined {
  if (!(request instanceof Request)) return undefined;
  const { headers, method } = request;
  const url = new URL(request.url);
  const target = readTarget5(url, readField(capture.config, "basePath"));
  return beginAttempt({
    name: attemptOf(target, method),
    target,
    request: readRequest(headers, method, {
      route: recordedPath(url.pathname, target, capture.providers),
    }),
    capture,
  });
}

/**
 * What a failed answer of a provider's says. Auth.js has checked the state by now, where the provider has
 * one, and nothing else; the error in it Auth.js hands to nobody.
 */
function judgeAnswer(
  failure: Failure,
  attempt: Attempt,
  { url, headers }: Request,
  form: unknown,
): Failure {
  const cookies = checkCookiesOf(attempt, cookieIn(headers.get("cookie")), {
    prefix: "authjs",
    check: "pkce",
  });
  if (cookies === undefined) return unproven(failure);
  if (failure.errorType !== "OAuthCallbackError" || cookies.length === 0) return unchecked(failure);
  const error = readText(form, "error") ?? new URL(url).searchParams.getAll("error").at(-1);
  return { reason: reasonOfAnswer(error), errorType: failure.errorType };
}

/** Auth.js answers so to what it cannot take for a request of its own. */
async function isBadRequest(answer: unknown): Promise<boolean> {
  return (
    answer instanceof Response &&
    answer.status === 400 &&
    (await answer.clone().text()) === '"Bad request."'
  );
}
