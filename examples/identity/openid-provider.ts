import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type InteractionResults, interactionPolicy, Provider } from "oidc-provider";
import { loginPage, type Person } from "./login-page.ts";
import { memoryStore } from "./memory-store.ts";

export interface OpenIdProviderOptions {
  /** Whom it can vouch for. */
  people: readonly Person[];
  /** Where in the app it may send people back to; the app's port does not matter. */
  callbackPath: string;
  /** Told of each request for tokens, and what was answered. */
  onTokens?: ((asked: object, answered: object) => void) | undefined;
}

export interface OpenIdProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /**
   * From now on every request to sign in is answered with this error (RFC 6749, section 4.1.2.1)
   * before anybody is asked; with `undefined` people are asked again.
   */
  answerWith(error: string | undefined): void;
  close(): Promise<void>;
}

/**
 * A certified OpenID provider on a free port of the loopback, which forgets everything when it ends.
 * Who signs in is asked each time, and believed.
 */
export async function startOpenIdProvider({
  people,
  callbackPath,
  onTokens,
}: OpenIdProviderOptions): Promise<OpenIdProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const client = { clientId: "authlog-demo", clientSecret: randomBytes(24).toString("base64url") };
  const provider = createProvider(issuer, client, people, callbackPath);
  let error: string | undefined;
  provider.use(async (ctx, next) => {
    if (ctx.path.startsWith(askPath)) return ask(provider, people, ctx, error);
    await next();
    if (ctx.oidc?.route === "token") onTokens?.({ ...ctx.oidc.params }, ctx.body as object);
  });
  const handle = provider.callback();
  server.on("request", (request, response) => void handle(request, response));
  return {
    issuer,
    ...client,
    answerWith(wanted) {
      error = wanted;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const askPath = "/sign-in/";

function createProvider(
  issuer: string,
  { clientId, clientSecret }: Pick<OpenIdProvider, "clientId" | "clientSecret">,
  people: readonly Person[],
  callbackPath: string,
): Provider {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const policy = interactionPolicy.base();
  policy.remove("consent");
  policy.get("login")?.checks.add(askEachTime);
  return new Provider(issuer, {
    adapter: memoryStore(),
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        // Of native apps alone the port of a loopback address is not compared (RFC 8252, section 7.3).
        application_type: "native",
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: ["127.0.0.1", "localhost"].map((host) => `http://${host}${callbackPath}`),
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(24).toString("base64url")] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    // Auth.js reads the person from the ID token, so it holds them even beside an access token.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { policy, url: (_, { uid }) => askPath + uid },
    findAccount: (_, id) => {
      const person = people.find((one) => one.id === id);
      if (person === undefined) return undefined;
      const { email, name, emailVerified = true } = person;
      const claims = { sub: id, email, email_verified: emailVerified, name };
      return { accountId: id, claims: () => claims };
    },
    // An app is given all that an account can hold, so that none of it goes unnoticed in a log.
    issueRefreshToken: async () => true,
    async loadExistingGrant({ oidc: { provider, session } }) {
      const grant = new provider.Grant({ clientId, accountId: session?.accountId ?? "" });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
    ttl: {
      AccessToken: 600,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 600,
      Session: 600,
    },
  });
}

/** Whoever signed in before is asked all the same, so that a demo can be gone through as many people. */
const askEachTime = new interactionPolicy.Check(
  "each_time",
  "Each sign-in is asked for",
  ({ oidc }) => oidc.result?.login === undefined,
);

interface AskContext {
  req: IncomingMessage;
  res: ServerResponse;
  path: string;
}

async function ask(
  provider: Provider,
  people: readonly Person[],
  { req, res, path }: AskContext,
  error: string | undefined,
): Promise<void> {
  const finish = (result: InteractionResults): Promise<void> =>
    provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
  if (error !== undefined) return finish({ error, error_description: "As it was told to." });
  if (req.method !== "POST") {
    res.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    res.end(loginPage(people, path));
    return;
  }
  const form = new URLSearchParams(await text(req));
  const refusal = form.get("refuse");
  await finish(
    refusal === null
      ? { login: { accountId: form.get("person") ?? "", remember: false } }
      : { error: refusal, error_description: "The person refused." },
  );
}
