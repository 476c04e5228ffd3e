import { Auth, type AuthConfig, raw, skipCSRFCheck } from "@auth/core";
import { withAuthlog } from "../../src/capture/with-authlog.ts";

const origin = "http://localhost:3000";
const base = `${origin}/api/auth`;

/** What `NextAuth` of version 5 is made of, over the real core, without Next.js around it. */
function nextAuth(config: AuthConfig) {
  const handler = (request: Request): Promise<Response> => Auth(request, config);
  const act = (path: string, fields: Record<string, string>): Promise<unknown> =>
    Auth(post(path, fields), { ...config, raw, skipCSRFCheck });
  return {
    handlers: { GET: handler, POST: handler },
    auth: () => Promise.resolve(null),
    signIn: (provider: string, fields: Record<string, string>) =>
      act(`callback/${provider}`, fields),
    signOut: () => act("signout", {}),
  };
}

function post(
  path: string,
  fields: Record<string, string>,
  headers?: Record<string, string>,
): Request {
  return new Request(`${base}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields),
  });
}

/** An Auth.js app with authlog in it, and a client that keeps its cookies. */
export interface App {
  readonly cookies: Map<string, string>;
  /** POSTs a form to a path below `/api/auth`, with a valid CSRF token. */
  post(
    path: string,
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  signIn(provider: string, fields: Record<string, string>): Promise<unknown>;
}

/** Makes the app. The configuration needs only what the test is about. */
export function createApp(config: Partial<AuthConfig> & Pick<AuthConfig, "providers">): App {
  const cookies = new Map<string, string>();
  const { handlers, signIn } = withAuthlog(nextAuth)({
    secret: "a secret of the test",
    trustHost: true,
    basePath: "/api/auth",
    logger: { error() {} },
    ...config,
  });

  async function send(request: Request): Promise<Response> {
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    request.headers.set("cookie", jar);
    const response = await handlers[request.method === "GET" ? "GET" : "POST"](request);
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }

  return {
    cookies,
    get: (path, headers) => send(new Request(`${base}/${path}`, headers && { headers })),
    async post(path, fields = {}, headers) {
      const answer = await send(new Request(`${base}/csrf`));
      const { csrfToken } = (await answer.json()) as { csrfToken: string };
      return send(post(path, { csrfToken, ...fields }, headers));
    },
    signIn,
  };
}
