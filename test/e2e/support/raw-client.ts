import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { newTrace } from "./trace.ts";

/** What a server answered. */
export interface RawAnswer {
  status: number;
  /** Where it leads. */
  location: string;
  setCookies: readonly string[];
  body: string;
  /** The trace of the request. */
  traceId: string;
}

/** What is sent beside a path. */
export interface RawRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/**
 * A client that keeps its cookies and sends a path byte by byte as it is: `fetch` would take dots out
 * of it. It goes where a 308 leads, as browsers do.
 */
export class RawClient {
  readonly #url: string;
  readonly #address: string;
  readonly #cookies = new Map<string, string>();

  /** @param address what its requests claim to come from */
  constructor(url: string, address: string) {
    this.#url = url;
    this.#address = address;
  }

  async send(
    path: string,
    { method = "GET", headers = {}, body }: RawRequest = {},
  ): Promise<RawAnswer> {
    const trace = newTrace();
    const { hostname, port } = new URL(this.#url);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request({
        hostname,
        port,
        method,
        path,
        headers: {
          ...trace.headers,
          "x-forwarded-for": this.#address,
          cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; "),
          ...headers,
        },
      });
      sent.on("response", resolve).on("error", reject).end(body);
    });
    const setCookies = answer.headers["set-cookie"] ?? [];
    for (const line of setCookies) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split(/=(.*)/s);
      this.#cookies.set(name, value);
    }
    const content = await text(answer);
    const { location = "" } = answer.headers;
    if (answer.statusCode === 308) {
      const { pathname, search } = new URL(location, this.#url);
      return this.send(pathname + search, { method, headers, ...(body !== undefined && { body }) });
    }
    return {
      status: answer.statusCode ?? 0,
      location,
      setCookies,
      body: content,
      traceId: trace.traceId,
    };
  }

  /** Posts a form of NextAuth's with a good CSRF token. */
  async post(
    basePath: string,
    path: string,
    fields: Readonly<Record<string, string>>,
  ): Promise<RawAnswer> {
    const { body } = await this.send(`${basePath}/csrf`);
    const { csrfToken } = JSON.parse(body) as { csrfToken: string };
    return this.send(`${basePath}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ ...fields, csrfToken, callbackUrl: "/" }).toString(),
    });
  }
}
