import { getSlot, noteActivity } from "../slot.ts";
import { eventNames } from "../vocabulary.ts";
import type { AppConfig, AppFunction, NextAuthResult } from "./app-types.ts";
import { once } from "./around.ts";
import { authJs } from "./auth-js/framework.ts";
import { wrapHandler } from "./auth-js/handler.ts";
import { wrapServerAction } from "./auth-js/server-actions.ts";
import { guarded } from "./emit-event.ts";
import type { Capture, Framework } from "./framework.ts";
import { withHooks } from "./hooks.ts";
import { nextAuth4 } from "./next-auth-v4/framework.ts";
import { runHandler } from "./next-auth-v4/handler.ts";

/**
 * Wraps NextAuth, so that every sign-in, failed sign-in, sign-out, new user and new link becomes one
 * audit event. The types stay as they are, and so does what the app's own events, callbacks, logger,
 * adapter and `authorize` do. Nothing that goes wrong in authlog reaches a login.
 *
 * @param target the default export of next-auth 5 or 4, in any of its call forms; or the options of
 *   next-auth 4, for `getServerSession`
 * @returns the same function, or the same options
 * @example
 * import NextAuth from "next-auth";
 * import { withAuthlog } from "authlog/next-auth";
 *
 * export const { handlers, auth, signIn, signOut } = withAuthlog(NextAuth)({ providers: [] });
 */
export function withAuthlog<T extends AppFunction | object>(target: T): T {
  const isFunction = typeof target === "function";
  guarded(() => {
    const { wrapped } = getSlot().activity.seen;
    if (wrapped === undefined || (isFunction && wrapped === "options")) {
      noteActivity({ wrapped: isFunction ? "function" : "options" });
    }
  });
  return isFunction
    ? (once(target as unknown as AppFunction, wrapNextAuth) as unknown as T)
    : hook(target as T & AppConfig, beginCapture(nextAuth4));
}

type LazyConfig = (request: unknown) => AppConfig | Promise<AppConfig>;

function wrapNextAuth(nextAuth: AppFunction): AppFunction {
  return function wrapped(...args: unknown[]) {
    // Next-auth 4 can be called with a request, what belongs to it, and the options.
    if (args.length > 1) {
      if (!getSlot().enabled) return nextAuth(...args);
      const [request, context, options] = args;
      const capture = beginCapture(nextAuth4);
      const hooked = hook(options as AppConfig, capture);
      return runHandler([request, context], capture, () => nextAuth(request, context, hooked));
    }
    const capture = beginCapture(authJs);
    const result = nextAuth(hookAny(args[0] as AppConfig | LazyConfig, capture));
    if (typeof result === "function") {
      capture.framework = nextAuth4;
      return (...call: unknown[]) =>
        runHandler(call, capture, () => (result as AppFunction)(...call));
    }
    // A test's double of NextAuth need not have all that it gives.
    return guarded(() => wrapResult(result as NextAuthResult, capture)) ?? result;
  };
}

function wrapResult(result: NextAuthResult, capture: Capture): NextAuthResult {
  const { GET, POST } = result.handlers;
  return {
    ...result,
    handlers: { GET: wrapHandler(GET, capture), POST: wrapHandler(POST, capture) },
    signIn: wrapServerAction(eventNames.signIn, result.signIn, capture),
    signOut: wrapServerAction(eventNames.signOut, result.signOut, capture),
  };
}

function beginCapture(framework: Framework): Capture {
  return { framework, providers: new Map() };
}

function hookAny(config: AppConfig | LazyConfig, capture: Capture): AppConfig | LazyConfig {
  return typeof config === "function"
    ? async (request: unknown) => {
        const made = await config(request);
        return getSlot().enabled ? hook(made, capture) : made;
      }
    : hook(config, capture);
}

/** A configuration that cannot be hooked is NextAuth's to complain about: it gets it as it is. */
function hook<C extends AppConfig>(config: C, capture: Capture): C {
  const hooked = guarded(() => withHooks(config, capture)) ?? config;
  capture.config = hooked;
  return hooked;
}
