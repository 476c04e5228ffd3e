import { Auth, type AuthConfig, raw, skipCSRFCheck } from "@auth/core";
import { withAuthlog } from "../../src/capture/with-authlog.ts";

const origin = "http://localhost:3000";

type Lazy = (request: Request | undefined) => AuthConfig | Promise<AuthConfig>;

/** What `NextAuth` of version 5 is made of, over the real core, without Next.js around it. */
function nextAuth(config: AuthConfig | Lazy) {
  const configOf: Lazy = typeof config === "function" ? config : () => config;
  const handler = async (request: Request): Promise<Response> =>
    Auth(request, await configOf(request));
  const act = async (path: string, fields: Record<string, string>): Promise<unknown> => {
    const own = await configOf(undefined);
    return Auth(post(`${own.basePath}/${path}`, fields), { ...own, raw, skipCSRFCheck });
  };
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
  fields: Record<string, string> | string,
  headers?: Record<string, string>,
): Request {
  const isJson = typeof fields === "string";
  const type = isJson ? "application/json" : "application/x-www-form-urlencoded";
  return new Request(`${origin}${path}`, {
    method: "POST",
    headers: { "content-type": type, ...headers },
    body: isJson ? fields : new URLSearchParams(fields),
  });
}

/** An Auth.js app with authlog in it, and a client that keeps its cookies. */
export interface App {
  readonly cookies: Map<string, string>;
  /** POSTs a form to a path below the base path, with a valid CSRF token. */
  post(
    path: string,
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Sends a request as it is; a body that is a text is sent as JSON. */
  send(method: string, path: string, options?: SendOptions): Promise<Response>;
  signIn(provider: string, fields: Record<string, string>): Promise<unknown>;
}

export interface SendOptions {
  body?: Record<string, string> | string;
  headers?: Record<string, string>;
}

/** Makes the app. The configuration needs only what the test is about; `wrap` stands around `NextAuth`. */
export function createApp(
  config: Partial<AuthConfig> & Pick<AuthConfig, "providers">,
  { lazy = false, wrap = withAuthlog }: { lazy?: boolean; wrap?: typeof withAuthlog } = {},
): App {
  const cookies = new Map<string, string>();
  const whole: AuthConfig = {
    secret: "a secret of the test",
    trustHost: true,
    basePath: "/api/auth",
    logger: { error() {} },
    ...config,
  };
  const base = whole.basePath ?? "";
  const { handlers, signIn } = wrap(nextAuth)(lazy ? () => ({ ...whole }) : whole);

  async function ask(request: Request): Promise<Response> {
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    request.headers.set("cookie", jar);
    const response = await handlers[request.method === "POST" ? "POST" : "GET"](request);
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }

  const send: App["send"] = (method, path, { body = {}, headers = {} } = {}) =>
    ask(
      method === "POST"
        ? post(`${base}/${path}`, body, headers)
        : new Request(`${origin}${base}/${path}`, { method, headers }),
    );

  return {
    cookies,
    send,
    get: (path, headers) => send("GET", path, headers && { headers }),
    async post(path, fields = {}, headers = {}) {
      const answer = await send("GET", "csrf");
      const { csrfToken } = (await answer.json()) as { csrfToken: string };
      return send("POST", path, { body: { csrfToken, ...fields }, headers });
    },
    signIn,
  };
}
