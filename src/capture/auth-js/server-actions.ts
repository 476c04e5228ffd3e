import type { AppFunction } from "../app-types.ts";
import { type AttemptName, beginAttempt } from "../attempt.ts";
import { conclude } from "../conclude.ts";
import type { Capture } from "../framework.ts";
import { requestOfContext } from "../request-context.ts";

/** Wraps `signIn` or `signOut` of Auth.js: called in a server action they run no route handler. */
export function wrapServerAction(
  name: AttemptName,
  action: AppFunction,
  capture: Capture,
): AppFunction {
  return async function wrapped(this: unknown, ...args: unknown[]) {
    const providerId = typeof args[0] === "string" ? args[0] : undefined;
    const target = { action: name === "auth.sign_out" ? "signout" : "signin", providerId };
    const request = await requestOfContext("POST");
    return conclude(beginAttempt({ name, target, request, capture }), () =>
      action.apply(this, args),
    );
  };
}
