import { AsyncLocalStorage } from "node:async_hooks";
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

/** How next-auth 4 answered. */
export interface Answer4 {
  status: number;
  location: string | undefined;
  body: unknown;
}

/** A next-auth 4 app with authlog in it, and a client that keeps its cookies. */
export interface App4 {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<Answer4>;
  post(path: string, body?: Record<string, unknown>, options?: PostOptions): Promise<Answer4>;
  /** Sends a request as it is. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer4>;
}

export interface PostOptions {
  headers?: Record<string, string>;
  /** `false` leaves the CSRF token out. */
  csrf?: boolean;
}

export interface SendOptions {
  /** A text is sent as JSON, an object as a form. */
  body?: string | Record<string, unknown>;
  headers?: Record<string, string>;
}

/** How `NextAuth` is called: with options or with a request, in the pages router; or in the app router. */
export type Form4 = "options" | "request" | "app";

export const secret4 = "a secret of the test, long enough for its key";

/** Makes the app. With `wrap` something else than `NextAuth` is wrapped, or nothing. */
export function createApp4(
  config: AppConfig,
  form: Form4 = "options",
  wrap: (nextAuth: AppFunction) => AppFunction = withAuthlog,
): App4 {
  const options = { secret: secret4, logger: { error() {} }, ...config };
  const wrapped = wrap(NextAuth);
  const handler: AppFunction =
    form === "request"
      ? (request, response) => wrapped(request, response, options)
      : (wrapped(options) as AppFunction);
  const ask = form === "app" ? askApp : askPages;
  const cookies = new Map<string, string>();

  async function send(
    method: string,
    path: string,
    { body = {}, headers = {} }: SendOptions = {},
  ): Promise<Answer4> {
    const url = new URL(`/api/auth/${path}`, "http://localhost:3000");
    const jar = Object.fromEntries(cookies);
    const answer = await ask(handler, { method, url, body, headers, cookies: jar });
    for (const line of answer.setCookies) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, decodeURIComponent(value));
    }
    return answer;
  }

  return {
    cookies,
    send,
    get: (path, headers) => send("GET", path, headers && { headers }),
    async post(path, body = {}, { headers = {}, csrf = true } = {}) {
      const { body: answer } = await send("GET", "csrf");
      const token = csrf ? { csrfToken: (answer as { csrfToken: string }).csrfToken } : {};
      return send("POST", path, { body: { ...token, ...body }, headers });
    },
  };
}

interface Asked extends Required<SendOptions> {
  method: string;
  url: URL;
  cookies: Record<string, string>;
}

type Ask = (
  handler: AppFunction,
  asked: Asked,
) => Promise<Answer4 & { setCookies: readonly string[] }>;

/** The catch-all parameter, as Next.js makes it of a path. */
function paramsOf({ pathname }: URL): string[] {
  return pathname.split("/").filter(Boolean).slice(2).map(decodeURIComponent);
}

const askPages: Ask = async (handler, { method, url, body, headers, cookies }) => {
  const response = createResponse();
  const nextauth = paramsOf(url);
  const request = {
    method,
    url: url.pathname + url.search,
    headers: { host: url.host, ...headers },
    cookies,
    query: { ...Object.fromEntries(url.searchParams), ...(nextauth.length > 0 && { nextauth }) },
    body: typeof body === "string" ? (JSON.parse(body) as unknown) : body,
  };
  await handler(request, response);
  const location = response.headers.get("location");
  return {
    status: response.statusCode,
    location: typeof location === "string" ? location : undefined,
    body: response.body,
    setCookies: [response.headers.get("set-cookie") ?? []].flat(),
  };
};

const askApp: Ask = async (handler, { method, url, body, headers: given, cookies }) => {
  const { NextRequest, runInRequest } = await nextOfApp();
  const cookie = Object.entries(cookies)
    .map((pair) => pair.join("="))
    .join("; ");
  const headers = new Headers({ host: url.host, cookie, ...given });
  const isJson = typeof body === "string";
  const type = isJson ? "application/json" : "application/x-www-form-urlencoded";
  if (method === "POST" && !headers.has("content-type")) headers.set("content-type", type);
  const content = isJson ? body : new URLSearchParams(body as Record<string, string>).toString();
  const request = new NextRequest(url, {
    method,
    headers,
    ...(method === "POST" && { body: content }),
  });
  const context = { params: Promise.resolve({ nextauth: paramsOf(url) }) };
  const response = await runInRequest(request, () => handler(request, context));
  const text = await response.text();
  const isJsonAnswer = response.headers.get("content-type")?.startsWith("application/json");
  return {
    status: response.status,
    location: response.headers.get("location") ?? undefined,
    body: isJsonAnswer ? (JSON.parse(text) as unknown) : text,
    setCookies: response.headers.getSetCookie(),
  };
};

interface Storage {
  run<T>(store: object, work: () => T): T;
}

/** The Next.js of the example, of which next-auth asks the cookies and headers of a request. */
async function nextOfApp() {
  // Next.js takes the class from there.
  Object.assign(globalThis, { AsyncLocalStorage });
  const { NextRequest } = require("next/server") as { NextRequest: typeof Request };
  const inner = "next/dist/server/";
  const { RequestCookies } = require(`${inner}web/spec-extension/cookies`) as {
    RequestCookies: new (headers: Headers) => object;
  };
  const { workAsyncStorage: work } = require(`${inner}app-render/work-async-storage.external`) as {
    workAsyncStorage: Storage;
  };
  const { workUnitAsyncStorage: unit } = require(
    `${inner}app-render/work-unit-async-storage.external`,
  ) as { workUnitAsyncStorage: Storage };
  return {
    NextRequest,
    runInRequest: ({ headers }: Request, handle: () => unknown): Promise<Response> => {
      const store = {
        type: "request",
        phase: "render",
        headers,
        cookies: new RequestCookies(headers),
      };
      const run = (): unknown => unit.run(store, handle);
      return work.run({ route: "/api/auth/[...nextauth]" }, run) as Promise<Response>;
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
