import type { EventRequest } from "../../event/auth-event.ts";
import { type Attempt, runAttempt } from "../attempt.ts";
import { readRequest } from "../request-context.ts";
import { failureEvent } from "./events.ts";
import type { AppFunction } from "./types.ts";

/**
 * Wraps `signIn` or `signOut` of Auth.js. Called in a server action they run no route handler, so
 * the request is asked of Next.js.
 */
export function wrapServerAction(name: Attempt["name"], action: AppFunction): AppFunction {
  return async function wrapped(this: unknown, ...args: unknown[]) {
    const run = (): unknown => action.apply(this, args);
    return runAttempt({ name, request: await requestOfAction() }, run, failureEvent);
  };
}

/** A server action is always a POST; its path is not to be had. */
async function requestOfAction(): Promise<EventRequest> {
  try {
    // The extension is for plain Node: Next.js has no `exports` that would resolve without it.
    const { headers } = await import("next/headers.js");
    return readRequest(await headers(), "POST", undefined);
  } catch {
    // Outside of a request there are no headers, and Auth.js says so itself in the call that follows.
    return {};
  }
}
