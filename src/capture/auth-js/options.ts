import { failureReasons } from "../../vocabulary.ts";
import { currentAttempt } from "../attempt.ts";
import { guarded } from "../emit-event.ts";
import { onEvent } from "./events.ts";
import { printAuthError } from "./logger.ts";
import { failureOf } from "./outcome.ts";
import { readAttemptedIdentifier, readProvider, readText } from "./read.ts";
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
  const hooked = Object.entries(onEvent).map(([name, look]) => [
    name,
    before(events[name], (message) => look(message as object)),
  ]);
  return { ...events, ...Object.fromEntries(hooked) };
}

function hookLogger(logger: AppFunctions = {}): AppFunctions {
  const look = (error: unknown): void => {
    const attempt = currentAttempt();
    if (attempt !== undefined) attempt.failure ??= failureOf(error);
  };
  // Auth.js prints errors itself only where the app has no `error` of its own; with ours it has.
  return { ...logger, error: before(logger["error"] ?? printAuthError, look) };
}

/**
 * The app's `signIn` callback decides who may sign in. It is the one place that knows who was
 * refused, and the only one that sees a refusal by redirect. Without one, Auth.js admits everybody,
 * and so it stays.
 */
function hookCallbacks(callbacks: AppFunctions = {}): AppFunctions {
  const { signIn } = callbacks;
  if (signIn === undefined) return callbacks;
  return {
    ...callbacks,
    async signIn(this: unknown, ...args: unknown[]) {
      const verdict = await guardedIdentity(args[0], () => signIn.apply(this, args));
      const attempt = currentAttempt();
      if (typeof verdict === "string" && attempt !== undefined) {
        attempt.failure ??= {
          reason: failureReasons.redirectedByCallback,
          errorType: "signInCallback",
        };
      }
      return verdict;
    },
  };
}

/** Notes whom a decision is about, then lets it be made. */
function guardedIdentity(message: unknown, decide: () => unknown): unknown {
  guarded(() => {
    const attempt = currentAttempt();
    if (attempt === undefined || typeof message !== "object" || message === null) return;
    const { user, account } = message as Record<"user" | "account", unknown>;
    const provider = readProvider(account);
    if (provider !== undefined) attempt.provider = provider;
    if (typeof user !== "object" || user === null) return;
    const { email, id } = user as Record<"email" | "id", unknown>;
    const identifier = readText(email) ?? readText(id);
    if (identifier !== undefined) attempt.attemptedIdentifier ??= identifier;
  });
  return decide();
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
  if (typeof authorize !== "function" && typeof options?.authorize !== "function") return provider;
  return {
    ...provider,
    ...(typeof authorize === "function" && { authorize: hookAuthorize(authorize, provider) }),
    ...(typeof options?.authorize === "function" && {
      options: { ...options, authorize: hookAuthorize(options.authorize, provider) },
    }),
  };
}

function hookAuthorize(authorize: Function, provider: ProviderObject): AppFunction {
  return before(authorize as AppFunction, (credentials) => {
    const attempt = currentAttempt();
    if (attempt === undefined) return;
    const id = readText(provider.options?.id ?? provider.id) ?? "credentials";
    attempt.provider = { id, type: "credentials" };
    const identifier = readAttemptedIdentifier(credentials);
    if (identifier !== undefined) attempt.attemptedIdentifier = identifier;
  });
}
