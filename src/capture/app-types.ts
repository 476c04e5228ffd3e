/**
 * The parts of NextAuth, of either major, that capture meets, as structural types: nothing of it is
 * imported, so a second copy of it in the app does no harm.
 */

/** A function of the app's that capture runs in front of, or behind. */
// oxlint-disable-next-line no-explicit-any -- the app's own signatures pass through untouched
export type AppFunction = (...args: any[]) => unknown;

/** An app's functions by name: its events, callbacks, logger or adapter. */
export type AppFunctions = Record<string, AppFunction | undefined>;

/** A provider, as an object or as a function that makes one. */
export type Provider = AppFunction | ProviderObject;

interface ProviderQuestions {
  authorize?: unknown;
  profile?: unknown;
  sendVerificationRequest?: unknown;
}

export interface ProviderObject extends ProviderQuestions {
  options?: ProviderQuestions;
}

/** What NextAuth is configured with. */
export interface AppConfig {
  providers?: Provider[];
  adapter?: AppFunctions | null;
  events?: AppFunctions | null;
  callbacks?: AppFunctions | null;
  logger?: AppFunctions | null;
}

/** What `NextAuth` of version 5 gives back. */
export interface NextAuthResult {
  handlers: Record<"GET" | "POST", AppFunction>;
  signIn: AppFunction;
  signOut: AppFunction;
}
