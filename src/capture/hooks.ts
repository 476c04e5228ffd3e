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
import { onEvent } from "./events.ts";
import type { Capture } from "./framework.ts";
import { copyWith, type Hook, hookMembers, reportUnhooked, tryHook } from "./hook-members.ts";
import { inAttempt } from "./lone-attempt.ts";
import { hookAdapter, loggerMember, note } from "./listeners.ts";
import { readField, readProvider, readText } from "./read.ts";
import { noSession, noToken, rememberRefusal } from "./refusals.ts";

/**
 * The app's configuration with capture's hooks in it. The app's own events, callbacks, logger,
 * adapter and providers all still work, with their own `this`, results and errors; the app's object
 * is not touched. What cannot be hooked stays as it is, and is reported by its name.
 */
export function withHooks<C extends AppConfig>(config: C, capture: Capture): C {
  const unhooked: string[] = [];
  const hooked: Record<string, unknown> = {};
  const hook = (name: keyof AppConfig, make: (own: unknown) => unknown): void => {
    const made = tryHook(name, unhooked, () => make(config[name]));
    if (made !== undefined) hooked[name] = made;
  };
  hook("providers", (own) => hookProviders(own, capture, unhooked));
  hook("adapter", (own) => own && hookAdapter(own as AppFunctions, capture, unhooked));
  hook("events", (own) => hookMembers(own, "events", eventHooks(capture), unhooked));
  hook("callbacks", (own) => hookMembers(own, "callbacks", callbackHooks(capture), unhooked));
  const logger = tryHook("logger", unhooked, () => loggerMember(config, capture));
  reportUnhooked(unhooked);
  return copyWith(config, hooked, logger ?? {});
}

function fail(failure: Failure | undefined): void {
  recordFailure(currentAttempt(), failure);
}

function eventHooks(capture: Capture): Record<string, Hook> {
  const hooks = Object.entries(onEvent).map(([name, emit]): [string, Hook] => [
    name,
    (app) => once(app, (event) => before(event, (message) => emit(message, capture))),
  ]);
  return Object.fromEntries(hooks);
}

/** Both majors admit everybody where the app has no `signIn` callback. */
const admitEverybody = (): boolean => true;

/**
 * The `signIn` callback decides who may sign in. It is the one place that learns who is about to,
 * and the only one that sees a refusal by redirect. The `jwt` callback can still refuse, at a sign-in
 * and whenever the session is read.
 */
function callbackHooks(capture: Capture): Record<string, Hook> {
  return {
    signIn: (app = admitEverybody) =>
      inAttempt(
        app,
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
    jwt: (app) =>
      app &&
      after(
        app,
        (token) => {
          if (token === null) noteNoToken(capture);
        },
        (error) => {
          rememberRefusal(error, noToken);
          if (currentAttempt()?.name !== undefined) fail(noToken);
        },
      ),
    session: (app) =>
      app &&
      after(
        app,
        () => {},
        (error) => rememberRefusal(error, noSession),
      ),
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

function hookProviders(own: unknown, capture: Capture, unhooked: string[]): unknown {
  if (own === undefined || own === null) return undefined;
  if (!Array.isArray(own)) throw new TypeError("providers is no array");
  return own.map((provider: Provider, index) =>
    tryHookProvider(provider, `providers[${index}]`, capture, unhooked),
  );
}

/** A provider that cannot be hooked stays as it is, and the others are still captured. */
function tryHookProvider(
  provider: Provider,
  place: string,
  capture: Capture,
  unhooked: string[],
): Provider {
  return tryHook(place, unhooked, () => hookProvider(provider, place, capture)) ?? provider;
}

/**
 * Wraps what a provider is asked: `authorize` alone is given the identity that was tried, and
 * `sendVerificationRequest` alone knows whether the e-mail went out. NextAuth reads a provider's own
 * fields and merges `options` over them; whichever of the two has the function, it is wrapped.
 */
function hookProvider(provider: Provider, place: string, capture: Capture): Provider {
  if (typeof provider === "function") {
    const hooked = function (this: unknown, ...args: unknown[]): Provider {
      const late: string[] = [];
      const made = tryHookProvider(provider.apply(this, args) as Provider, place, capture, late);
      reportUnhooked(late);
      return made;
    };
    return Object.assign(hooked, provider);
  }
  const { options } = provider;
  const id = readText(options, "id") ?? readText(provider, "id");
  const type = readText(options, "type") ?? readText(provider, "type");
  const known = id === undefined ? undefined : { id, ...(type !== undefined && { type }) };
  if (known !== undefined) capture.providers.set(known.id, known);
  return copyWith(provider, hookQuestions(provider, known, capture), {
    ...(options && { options: copyWith(options, hookQuestions(options, known, capture)) }),
  });
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
      (error) => fail((currentAttempt()?.capture ?? capture).framework.describeThrown(error)),
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
