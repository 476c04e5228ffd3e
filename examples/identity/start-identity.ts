import type { Person } from "./login-page.ts";
import { type Mail, type MailServer, startMailServer } from "./mail-server.ts";
import { type OpenIdProvider, startOpenIdProvider } from "./openid-provider.ts";

export interface IdentityOptions {
  /** Whom the OpenID provider can vouch for. */
  people: readonly Person[];
  /** Told of each e-mail that the app sends. */
  onMail?: (mail: Mail) => void;
  /** Told of each request of the app for tokens, and what the OpenID provider answered. */
  onTokens?: (asked: object, answered: object) => void;
  /** @default "/api/auth/callback/local" */
  callbackPath?: string;
}

export interface Identity extends AsyncDisposable {
  openId: OpenIdProvider;
  mail: MailServer;
  /** Environment variables with which an app offers both. */
  settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Starts what an app needs to offer more than passwords, all of it on this machine: an OpenID
 * provider, and a server for the e-mails with links.
 *
 * @example
 * const identity = await startIdentity({ people: demoUsers, onMail: ({ link }) => console.log(link) });
 * startApp({ ...identity.settings });
 */
export async function startIdentity({
  people,
  onMail,
  onTokens,
  callbackPath = "/api/auth/callback/local",
}: IdentityOptions): Promise<Identity> {
  const openId = await startOpenIdProvider({ people, callbackPath, onTokens });
  const mail = await startMailServer(onMail);
  const close = async (): Promise<void> => {
    await Promise.all([openId.close(), mail.close()]);
  };
  return {
    openId,
    mail,
    settings: {
      AUTH_LOCAL_ISSUER: openId.issuer,
      AUTH_LOCAL_ID: openId.clientId,
      AUTH_LOCAL_SECRET: openId.clientSecret,
      EMAIL_SERVER: mail.url,
      EMAIL_FROM: "authlog demo <no-reply@example.com>",
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
