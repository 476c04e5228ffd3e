import { createRequire } from "node:module";
import type { AppConfig, AppFunction } from "../../src/capture/app-types.ts";
import { withAuthlog } from "../../src/capture/with-authlog.ts";

// The root of the workspace has next-auth 5; version 4 stands beside the example that uses it.
const require = createRequire(new URL("../../examples/next-auth-v4/package.json", import.meta.url));
const { default: NextAuth } = require("next-auth") as { default: AppFunction };
const { default: Credentials } = require("next-auth/providers/credentials") as {
  default: (options: object) => object;
};
const { default: Email } = require("next-auth/providers/email") as {
  default: (options: object) => object;
};
const { default: GitHub } = require("next-auth/providers/github") as {
  default: (options: object) => object;
};

export const providers4 = { Credentials, Email, GitHub };

/** How next-auth 4 answered a request of the pages router. */
export interface Answer4 {
  status: number;
  location: string | undefined;
  body: unknown;
}

/** A next-auth 4 app of the pages router with authlog in it, and a client that keeps its cookies. */
export interface App4 {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<Answer4>;
  post(path: string, body?: Record<string, unknown>, options?: PostOptions): Promise<Answer4>;
}

export interface PostOptions {
  headers?: Record<string, string>;
  /** `false` leaves the CSRF token out. */
  csrf?: boolean;
}

const secret = "a secret of the test, long enough for its key";

/** Makes the app. `form` is how `NextAuth` is called. */
export function createApp4(config: AppConfig, form: "options" | "request" = "options"): App4 {
  const options = { secret, logger: { error() {} }, ...config };
  const wrapped = withAuthlog(NextAuth);
  const handler: AppFunction =
    form === "options"
      ? (wrapped(options) as AppFunction)
      : (request, response) => wrapped(request, response, options);
  const cookies = new Map<string, string>();

  async function send(
    method: string,
    path: string,
    body: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer4> {
    const url = new URL(`/api/auth/${path}`, "http://localhost:3000");
    const response = createResponse();
    const request = {
      method,
      url: url.pathname + url.search,
      headers: { host: url.host, ...headers },
      cookies: Object.fromEntries(cookies),
      query: {
        nextauth: url.pathname.split("/").slice(3),
        ...Object.fromEntries(url.searchParams),
      },
      body,
    };
    await handler(request, response);
    for (const line of [response.headers.get("set-cookie") ?? []].flat()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, decodeURIComponent(value));
    }
    const location = response.headers.get("location");
    return {
      status: response.statusCode,
      location: typeof location === "string" ? location : undefined,
      body: response.body,
    };
  }

  return {
    cookies,
    get: (path, headers) => send("GET", path, {}, headers),
    async post(path, body = {}, { headers, csrf = true } = {}) {
      const { body: answer } = await send("GET", "csrf");
      const token = csrf ? { csrfToken: (answer as { csrfToken: string }).csrfToken } : {};
      return send("POST", path, { ...token, ...body }, headers);
    },
  };
}

/** The parts of a response of the pages router that next-auth uses. */
function createResponse() {
  const headers = new Map<string, string | string[]>();
  const response = {
    statusCode: 200,
    headers,
    body: undefined as unknown,
    status(code: number) {
      response.statusCode = code;
      return response;
    },
    setHeader(name: string, value: string | string[]) {
      headers.set(name.toLowerCase(), value);
      return response;
    },
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    json(body: unknown) {
      response.body = body;
    },
    send(body: unknown) {
      response.body = body;
    },
    end() {},
  };
  return response;
}
