import type { EventProvider } from "../event/auth-event.ts";
import { eventNames, failureReasons } from "../vocabulary.ts";
import type {
  AppConfig,
  AppFunction,
  AppFunctions,
  Provider,
  ProviderObject,
} from "./app-types.ts";
import { currentAttempt, type Failure, recordFailure, tryIdentity } from "./attempt.ts";
import { after, before, once } from "./around.ts";
import { claimOfCredentials, claimOfText } from "./claimed-identity.ts";
import { guarded } from "./emit-event.ts";
import { onEvent } from "./events.ts";
import type { Capture } from "./framework.ts";
import { inAttempt } from "./lone-attempt.ts";
import { hookAdapter, hookLogger, note } from "./listeners.ts";
import { readField, readProvider, readText } from "./read.ts";
import { noSession, noToken, rememberRefusal } from "./refusals.ts";

/**
 * The app's configuration with capture's hooks in it. The app's own events, callbacks, logger,
 * adapter and providers all still work, with their own `this`, results and errors; the app's object
 * is not touched.
 */
export function withHooks<C extends AppConfig>(config: C, capture: Capture): C {
  const { providers, adapter } = config;
  return {
    ...config,
    ...(Array.isArray(providers) && {
      providers: providers.map((provider) => tryHookProvider(provider, capture)),
    }),
    ...(adapter && { adapter: hookAdapter(adapter, capture) }),
    events: hookEvents(config.events, capture),
    callbacks: hookCallbacks(config.callbacks, capture),
    logger: hookLogger(config.logger, capture),
  };
}

function fail(failure: Failure | undefined): void {
  recordFailure(currentAttempt(), failure);
}

function hookEvents(events: AppFunctions = {}, capture: Capture): AppFunctions {
  const hooked = Object.entries(onEvent).map(([name, tell]) => [
    name,
    once(events[name], (event) => before(event, (message) => tell(message, capture))),
  ]);
  return { ...events, ...Object.fromEntries(hooked) };
}

/** Both majors admit everybody where the app has no `signIn` callback. */
const admitEverybody = (): boolean => true;

/**
 * The `signIn` callback decides who may sign in. It is the one place that is told who is about to,
 * and the only one that sees a refusal by redirect. The `jwt` callback can still refuse, at a sign-in
 * and whenever the session is read.
 */
function hookCallbacks(callbacks: AppFunctions = {}, capture: Capture): AppFunctions {
  return {
    ...callbacks,
    signIn: inAttempt(
      callbacks.signIn ?? admitEverybody,
      (signIn) =>
        after(
          before(signIn, noteWhoAsks),
          (verdict) => {
            if (typeof verdict === "string") fail(redirected);
            else if (!verdict) fail(refused);
          },
          () => fail(refused),
        ),
      eventNames.signIn,
      capture,
    ),
    ...(callbacks.jwt && {
      jwt: after(
        callbacks.jwt,
        (token) => {
          if (token === null) noteNoToken(capture);
        },
        (error) => {
          rememberRefusal(error, noToken);
          if (currentAttempt()?.name !== undefined) fail(noToken);
        },
      ),
    }),
    ...(callbacks.session && {
      session: after(
        callbacks.session,
        () => {},
        (error) => rememberRefusal(error, noSession),
      ),
    }),
  };
}

/** Version 5 says nothing of a token that is withheld; version 4 fails over it, and logs that. */
function noteNoToken(capture: Capture): void {
  if (currentAttempt()?.name !== undefined) fail(noToken);
  else if (capture.framework.version === "5") {
    note({ ...noToken, name: eventNames.sessionReject }, capture);
  }
}

const redirected: Failure = {
  reason: failureReasons.redirectedByCallback,
  errorType: "SignInCallback",
};
const refused: Failure = { reason: failureReasons.accessDenied, errorType: "AccessDenied" };

function noteWhoAsks(message: unknown): void {
  const account = readField(message, "account");
  const user = readField(message, "user");
  const asksForLink = readField(readField(message, "email"), "verificationRequest") === true;
  const attempt = tryIdentity(
    asksForLink ? eventNames.verificationRequest : eventNames.signIn,
    readProvider(account),
  );
  if (attempt === undefined) return;
  const named =
    readText(user, "email") ?? readText(account, "providerAccountId") ?? readText(user, "id");
  // Whoever asks for an e-mail link is nobody yet: the address is what was typed.
  attempt.attemptedIdentifier ??= attempt.provider?.type === "email" ? claimOfText(named) : named;
}

/** A provider that cannot be hooked stays as it is, and the others are still captured. */
function tryHookProvider(provider: Provider, capture: Capture): Provider {
  return guarded(() => hookProvider(provider, capture)) ?? provider;
}

/**
 * Wraps what a provider is asked: `authorize` alone is told the identity that was tried, and
 * `sendVerificationRequest` alone knows whether the e-mail went out. NextAuth reads a provider's own
 * fields and merges `options` over them; whichever of the two has the function, it is wrapped.
 */
function hookProvider(provider: Provider, capture: Capture): Provider {
  if (typeof provider === "function") {
    return function hooked(this: unknown, ...args: unknown[]) {
      return tryHookProvider(provider.apply(this, args) as Provider, capture);
    };
  }
  const { options } = provider;
  const id = readText(options, "id") ?? readText(provider, "id");
  const type = readText(options, "type") ?? readText(provider, "type");
  const known = id === undefined ? undefined : { id, ...(type !== undefined && { type }) };
  if (known !== undefined) capture.providers.set(known.id, known);
  return {
    ...provider,
    ...hookQuestions(provider, known, capture),
    ...(options && { options: { ...options, ...hookQuestions(options, known, capture) } }),
  };
}

function hookQuestions(
  { authorize, profile, sendVerificationRequest }: NonNullable<ProviderObject["options"]>,
  known: EventProvider | undefined,
  capture: Capture,
): object {
  return {
    ...(isFunction(authorize) && { authorize: hookAuthorize(authorize, known, capture) }),
    // A code was exchanged by then, and the provider has said who it is.
    ...(isFunction(profile) && {
      profile: before(profile, () => void tryIdentity(eventNames.signIn, known)),
    }),
    ...(isFunction(sendVerificationRequest) && {
      sendVerificationRequest: hookSend(sendVerificationRequest, known, capture),
    }),
  };
}

function hookAuthorize(
  authorize: AppFunction,
  known: EventProvider | undefined,
  capture: Capture,
): AppFunction {
  const noteClaim = (credentials: unknown): void => {
    const attempt = tryIdentity(eventNames.signIn, known);
    if (attempt !== undefined) attempt.attemptedIdentifier = claimOfCredentials(credentials);
  };
  const hook = (own: AppFunction): AppFunction =>
    after(
      before(own, noteClaim),
      (user) => {
        if (!user)
          fail({ reason: failureReasons.invalidCredentials, errorType: "CredentialsSignin" });
      },
      (error) => fail(capture.framework.describeThrown?.(error)),
    );
  return inAttempt(authorize, hook, eventNames.signIn, capture);
}

function hookSend(
  send: AppFunction,
  known: EventProvider | undefined,
  capture: Capture,
): AppFunction {
  const noteAddress = (params: unknown): void => {
    const attempt = tryIdentity(eventNames.verificationRequest, known);
    if (attempt !== undefined) {
      attempt.attemptedIdentifier ??= claimOfText(readText(params, "identifier"));
    }
  };
  const hook = (own: AppFunction): AppFunction =>
    after(before(own, noteAddress), () => {
      const attempt = currentAttempt();
      if (attempt !== undefined) attempt.linkSent = true;
    });
  return inAttempt(send, hook, eventNames.verificationRequest, capture);
}

function isFunction(value: unknown): value is AppFunction {
  return typeof value === "function";
}
