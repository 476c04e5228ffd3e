import { eventNames } from "../../vocabulary.ts";
import { type Attempt, runAttempt } from "../attempt.ts";
import { guarded } from "../emit-event.ts";
import { readRequest } from "../request-context.ts";
import { failureEvent } from "./events.ts";
import type { AppFunction } from "./types.ts";

/** Where a request to Auth.js's route may end an attempt. The base path before it is the app's. */
const attemptPath = /\/(?:(callback|signin)\/[^/]+|(signout))\/?$/;

/** Wraps a route handler of Auth.js, so that each attempt that goes through it ends as one event. */
export function wrapHandler(handler: AppFunction): AppFunction {
  return function wrapped(this: unknown, ...args: unknown[]) {
    const run = (): unknown => handler.apply(this, args);
    const attempt = guarded(() => readAttempt(args[0]));
    return attempt === undefined ? run() : runAttempt(attempt, run, failureEvent);
  };
}

function readAttempt(request: unknown): Pick<Attempt, "name" | "request"> | undefined {
  if (!(request instanceof Request)) return undefined;
  const { pathname } = new URL(request.url);
  const match = attemptPath.exec(pathname);
  const [, signIn] = match ?? [];
  // GET /signin/… and GET /signout only show a page.
  if (match === null || (request.method !== "POST" && signIn !== "callback")) return undefined;
  return {
    name: signIn === undefined ? eventNames.signOut : eventNames.signIn,
    request: readRequest(request.headers, request.method, pathname),
  };
}
