import { getSlot } from "../../slot.ts";
import type { AppFunction } from "../app-types.ts";
import { type Attempt, type AttemptName, beginAttempt } from "../attempt.ts";
import { conclude } from "../conclude.ts";
import { guardedAsync } from "../emit-event.ts";
import type { Capture } from "../framework.ts";
import { requestOfContext } from "../request-context.ts";

/** Wraps `signIn` or `signOut` of Auth.js: called in a server action they run no route handler. */
export function wrapServerAction(
  name: AttemptName,
  action: AppFunction,
  capture: Capture,
): AppFunction {
  async function watch(run: () => unknown, provider: unknown): Promise<unknown> {
    const attempt = await guardedAsync(() => readAttempt(name, provider, capture));
    return attempt === undefined ? run() : conclude(attempt, run);
  }
  return function wrapped(this: unknown, ...args: unknown[]) {
    const run = (): unknown => action.apply(this, args);
    return getSlot().enabled ? watch(run, args[0]) : run();
  };
}

async function readAttempt(
  name: AttemptName,
  provider: unknown,
  capture: Capture,
): Promise<Attempt> {
  const target = {
    action: name === "auth.sign_out" ? "signout" : "signin",
    providerId: typeof provider === "string" ? provider : undefined,
  };
  return beginAttempt({ name, target, request: await requestOfContext("POST"), capture });
}
