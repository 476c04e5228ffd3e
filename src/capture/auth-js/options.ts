import { failureReasons } from "../../vocabulary.ts";
import { currentAttempt, type Failure } from "../attempt.ts";
import { guarded } from "../emit-event.ts";
import { onEvent } from "./events.ts";
import { printAuthError } from "./logger.ts";
import { failureOf } from "./outcome.ts";
import { readAttemptedIdentifier, readField, readProvider, readText } from "./read.ts";
import type { AppFunction, AppFunctions, AuthConfig, Provider, ProviderObject } from "./types.ts";

/**
 * The app's configuration with capture's hooks in it. The app's own events, callbacks, logger and
 * `authorize` all still run, with their own `this`, results and errors; the app's object is not
 * touched.
 */
export function withHooks<C extends AuthConfig>(config: C): C {
  return {
    ...config,
    providers: config.providers.map(hookProvider),
    events: hookEvents(config.events),
    callbacks: hookCallbacks(config.callbacks),
    logger: hookLogger(config.logger),
  };
}

/** Runs a piece of capture in front of a function of the app's. */
function before(app: AppFunction | undefined, look: (...args: unknown[]) => void): AppFunction {
  return function hooked(this: unknown, ...args: unknown[]) {
    guarded(() => look(...args));
    return app?.apply(this, args);
  };
}

function hookEvents(events: AppFunctions = {}): AppFunctions {
  const hooked = Object.entries(onEvent).map(([name, look]) => [name, before(events[name], look)]);
  return { ...events, ...Object.fromEntries(hooked) };
}

function hookLogger(logger: AppFunctions = {}): AppFunctions {
  // Auth.js prints errors itself only where the app has no `error` of its own; with ours it has.
  return { ...logger, error: before(logger["error"] ?? printAuthError, noteFailure) };
}

function noteFailure(error: unknown): void {
  const attempt = currentAttempt();
  if (attempt !== undefined) attempt.failure ??= failureOf(error);
}

/**
 * The app's `signIn` callback decides who may sign in. It is the one place that knows who was
 * refused, and the only one that sees a refusal by redirect. Without one, Auth.js admits everybody,
 * and so it stays.
 */
function hookCallbacks(callbacks: AppFunctions = {}): AppFunctions {
  const { signIn } = callbacks;
  if (signIn === undefined) return callbacks;
  const decide = before(signIn, noteWhoAsks);
  return {
    ...callbacks,
    async signIn(this: unknown, ...args: unknown[]) {
      const verdict = await decide.apply(this, args);
      const attempt = currentAttempt();
      if (typeof verdict === "string" && attempt !== undefined) attempt.failure ??= redirected;
      return verdict;
    },
  };
}

const redirected: Failure = {
  reason: failureReasons.redirectedByCallback,
  errorType: "signInCallback",
};

function noteWhoAsks(message: unknown): void {
  const attempt = currentAttempt();
  if (attempt === undefined) return;
  attempt.provider = readProvider(readField(message, "account")) ?? attempt.provider;
  const user = readField(message, "user");
  attempt.attemptedIdentifier ??= readText(user, "email") ?? readText(user, "id");
}

/**
 * Wraps `authorize`, the only one who is told the identity that was tried. Auth.js reads a
 * provider's own fields and merges `options` over them, and `Credentials()` keeps the app's function
 * in `options`: whichever there is, is wrapped.
 */
function hookProvider(provider: Provider): Provider {
  if (typeof provider === "function") {
    return function hooked(this: unknown, ...args: unknown[]) {
      return hookProvider(provider.apply(this, args) as Provider);
    };
  }
  const { authorize, options } = provider;
  return {
    ...provider,
    ...(isFunction(authorize) && { authorize: hookAuthorize(authorize, provider) }),
    ...(isFunction(options?.authorize) && {
      options: { ...options, authorize: hookAuthorize(options.authorize, provider) },
    }),
  };
}

function hookAuthorize(authorize: AppFunction, provider: ProviderObject): AppFunction {
  return before(authorize, (credentials) => {
    const attempt = currentAttempt();
    if (attempt === undefined) return;
    const id = readText(provider.options, "id") ?? readText(provider, "id") ?? "credentials";
    attempt.provider = { id, type: "credentials" };
    attempt.attemptedIdentifier = readAttemptedIdentifier(credentials);
  });
}

function isFunction(value: unknown): value is AppFunction {
  return typeof value === "function";
}
