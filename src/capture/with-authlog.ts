import { eventNames } from "../vocabulary.ts";
import { guarded } from "./emit-event.ts";
import { wrapHandler } from "./auth-js/handler.ts";
import { withHooks } from "./auth-js/options.ts";
import { wrapServerAction } from "./auth-js/server-actions.ts";
import type { AuthConfig, NextAuthResult } from "./auth-js/types.ts";

/**
 * Wraps the `NextAuth` function, so that every sign-in, failed sign-in, sign-out, new user and new
 * link becomes one audit event. The types stay as they are, and so does what the app's own events,
 * callbacks, logger and `authorize` do. Nothing that goes wrong in authlog reaches a login.
 *
 * @param nextAuth the default export of next-auth 5
 * @returns the same function
 * @example
 * import NextAuth from "next-auth";
 * import { withAuthlog } from "authlog/next-auth";
 *
 * export const { handlers, auth, signIn, signOut } = withAuthlog(NextAuth)({ providers: [] });
 */
// oxlint-disable-next-line no-explicit-any -- any function will do, and its own type comes back
export function withAuthlog<F extends (...args: any[]) => any>(nextAuth: F): F {
  const wrapped = (config: AuthConfig | LazyConfig): NextAuthResult => {
    const hooked =
      typeof config === "function"
        ? async (request: unknown) => hook(await config(request))
        : hook(config);
    const result = nextAuth(hooked) as NextAuthResult;
    const { GET, POST } = result.handlers;
    return {
      ...result,
      handlers: { GET: wrapHandler(GET), POST: wrapHandler(POST) },
      signIn: wrapServerAction(eventNames.signIn, result.signIn),
      signOut: wrapServerAction(eventNames.signOut, result.signOut),
    };
  };
  return wrapped as unknown as F;
}

type LazyConfig = (request: unknown) => AuthConfig | Promise<AuthConfig>;

/** A configuration that cannot be hooked is NextAuth's to complain about: it gets it as it is. */
function hook(config: AuthConfig): AuthConfig {
  return guarded(() => withHooks(config)) ?? config;
}
