/**
 * A client that posts NextAuth's forms without a browser and keeps its cookies, as a page without
 * JavaScript would.
 */
export class FormClient {
  readonly cookies: Map<string, string> = new Map<string, string>();
  /** The token that was sent with the last form. */
  csrfToken = "";
  /** Fields that every form carries beside its own. */
  extraFields: Readonly<Record<string, string>> = {};
  readonly #url: string;
  readonly #basePath: string;

  constructor(url: string, basePath = "/api/auth") {
    this.#url = url;
    this.#basePath = basePath;
  }

  /** @returns path and query that the answer leads to */
  signIn(email: string, password: string, headers: Record<string, string> = {}): Promise<string> {
    return this.#post("callback/credentials", { email, password }, headers);
  }

  /** @returns path and query that the answer leads to */
  signOut(headers: Record<string, string> = {}): Promise<string> {
    return this.#post("signout", {}, headers);
  }

  /** @returns the JSON that a page of the app answers with */
  async get(path: string): Promise<unknown> {
    return (await this.open(path)).json();
  }

  open(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(path, { headers });
  }

  /** Sends the form of a page of the app whose action is a server action. */
  async submit(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    // Without a trace of its own, what the page itself does is not of the trace of the form.
    const page = await (await this.#send(path)).text();
    const form = new FormData();
    for (const [, name = "", value = ""] of page.matchAll(hiddenField)) form.set(name, value);
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return this.#send(path, { method: "POST", headers, body: form });
  }

  async #post(
    action: string,
    fields: Record<string, string>,
    headers: Record<string, string>,
  ): Promise<string> {
    const csrf = await this.#send(`${this.#basePath}/csrf`);
    this.csrfToken = ((await csrf.json()) as { csrfToken: string }).csrfToken;
    const response = await this.#send(`${this.#basePath}/${action}`, {
      method: "POST",
      headers,
      body: new URLSearchParams({
        ...this.extraFields,
        ...fields,
        csrfToken: this.csrfToken,
        callbackUrl: "/",
      }),
    });
    const { pathname, search } = new URL(response.headers.get("location") ?? "", this.#url);
    return pathname + search;
  }

  async #send(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    const response = await fetch(`${this.#url}${path}`, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), cookie },
      redirect: "manual",
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split(/=(.*)/s);
      this.cookies.set(name, value);
    }
    return response;
  }
}

/** By these Next.js knows which action a form without JavaScript is for. */
const hiddenField = /name="(\$ACTION[^"]*)"(?: value="([^"]*)")?/g;
