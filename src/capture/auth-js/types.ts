/**
 * The parts of Auth.js (next-auth 5) that capture meets, as structural types: nothing of it is
 * imported, so a second copy of it in the app does no harm.
 */

/** A function of the app's that capture runs in front of, or behind. */
// oxlint-disable-next-line no-explicit-any -- the app's own signatures pass through untouched
export type AppFunction = (...args: any[]) => unknown;

/** An app's functions by name: its events, callbacks or logger. */
export type AppFunctions = Record<string, AppFunction | undefined>;

/** A provider, as an object or as a function that makes one. */
export type Provider = AppFunction | ProviderObject;

export interface ProviderObject {
  authorize?: unknown;
  options?: { authorize?: unknown };
}

/** The object that `NextAuth` of version 5 is configured with. */
export interface AuthConfig {
  providers: Provider[];
  events?: AppFunctions;
  callbacks?: AppFunctions;
  logger?: AppFunctions;
}

/** What `NextAuth` of version 5 gives back. */
export interface NextAuthResult {
  handlers: Record<"GET" | "POST", AppFunction>;
  signIn: AppFunction;
  signOut: AppFunction;
}
