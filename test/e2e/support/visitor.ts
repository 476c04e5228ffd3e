import type { Identity } from "../../../examples/identity/start-identity.ts";
import type { Mail } from "../../../examples/identity/mail-server.ts";
import { newTrace } from "./trace.ts";
import { until } from "./until.ts";

export interface VisitorOptions {
  /** The app. */
  url: string;
  identity: Identity;
  /** Whether forms ask for an answer in JSON, as the script of next-auth does. */
  json?: boolean;
  /** @default "/api/auth" */
  basePath?: string;
  /** What the visitor's requests claim to come from. */
  address?: string;
  /** Is told of each request, to the app and to the provider, with its answer. */
  watch?: (exchange: Exchange) => void;
}

/** A request, and its answer. */
export interface Exchange {
  url: URL;
  fields: URLSearchParams;
  response: Response;
}

type Fields = Readonly<Record<string, string>>;

/**
 * Somebody with cookies, who goes through every way to sign in without a browser, and whose every
 * request to the app is of one trace.
 */
export class Visitor {
  /** The app's cookies. */
  readonly cookies: Map<string, string> = new Map();
  readonly json: boolean;
  readonly #options: VisitorOptions;
  readonly #providerCookies = new Map<string, string>();
  #trace = newTrace();

  constructor(options: VisitorOptions) {
    this.#options = options;
    this.json = options.json ?? false;
  }

  /** The trace of what was done since {@link beforehand}. */
  get traceId(): string {
    return this.#trace.traceId;
  }

  /** Does something in a trace of its own: what comes before the attempt that a test is about. */
  async beforehand(act: () => Promise<unknown>): Promise<void> {
    await act();
    this.#trace = newTrace();
  }

  /** @param path below the origin of the app */
  get(path: string): Promise<Response> {
    return this.#sendToApp(new URL(path, this.#options.url), {});
  }

  /** Asks for a path below that of NextAuth. */
  getAuth(path: string): Promise<Response> {
    return this.get(`${this.#basePath}/${path}`);
  }

  /** Posts a form to a path below that of NextAuth, with a CSRF token unless it has one. */
  async post(path: string, fields: Fields = {}): Promise<Response> {
    const csrfToken = fields["csrfToken"] ?? (await this.#csrfToken());
    return this.#sendToApp(new URL(`${this.#basePath}/${path}`, this.#options.url), {
      method: "POST",
      headers: this.json ? { "x-auth-return-redirect": "1" } : {},
      body: new URLSearchParams({
        callbackUrl: "/",
        ...fields,
        csrfToken,
        ...(this.json && { json: "true" }),
      }),
    });
  }

  signIn(email: string, password: string): Promise<Response> {
    return this.post("callback/credentials", { email, password });
  }

  requestLink(email: string): Promise<Response> {
    return this.post("signin/email", { email });
  }

  /** The link in the latest e-mail to an address. */
  async link(email: string): Promise<URL> {
    const { link = "" } = await until(`an e-mail to ${email}`, () => this.#lastMailTo(email));
    return new URL(link);
  }

  /** Signs in by e-mail, from asking for the link to following it. */
  async signInByLink(email: string): Promise<Response> {
    await this.requestLink(email);
    return this.follow(await this.link(email));
  }

  /** Opens an address of the app. */
  follow(url: URL): Promise<Response> {
    // NextAuth may call the app by another of its names.
    return this.get(url.pathname + url.search);
  }

  /** Signs in at the OpenID provider, from the app and back to it. */
  async signInByOpenId(person: string): Promise<Response> {
    return this.follow(await this.openIdCallback(person));
  }

  /**
   * Goes to the OpenID provider and says there who one is.
   *
   * @returns where the provider leads back to; nobody has gone there yet
   */
  async openIdCallback(person: string): Promise<URL> {
    const start = await locationOf(await this.post("signin/local"));
    const { issuer } = this.#options.identity.openId;
    let at = new URL(start, issuer);
    if (at.origin !== issuer) throw new Error(`The app led to ${at.href}, and not to ${issuer}.`);
    while (at.origin === issuer) {
      const asked = at.pathname.startsWith("/sign-in/");
      const response = await this.#sendToProvider(at, asked ? person : undefined);
      at = new URL(await locationOf(response), issuer);
    }
    return at;
  }

  get #basePath(): string {
    return this.#options.basePath ?? "/api/auth";
  }

  #lastMailTo(email: string): Mail | undefined {
    return this.#options.identity.mail.mails.findLast(({ to }) => to === email);
  }

  async #csrfToken(): Promise<string> {
    const { csrfToken } = (await (await this.getAuth("csrf")).json()) as { csrfToken: string };
    return csrfToken;
  }

  #sendToApp(url: URL, init: RequestInit): Promise<Response> {
    const { address } = this.#options;
    const headers = {
      ...(init.headers as Fields),
      ...this.#trace.headers,
      ...(address !== undefined && { "x-forwarded-for": address }),
    };
    return this.#send(url, { ...init, headers }, this.cookies);
  }

  async #sendToProvider(url: URL, person: string | undefined): Promise<Response> {
    const asked = await this.#send(url, {}, this.#providerCookies);
    if (person === undefined || asked.status !== 200) return asked;
    return this.#send(
      url,
      { method: "POST", body: new URLSearchParams({ person }) },
      this.#providerCookies,
    );
  }

  async #send(url: URL, init: RequestInit, jar: Map<string, string>): Promise<Response> {
    const response = await send(url, init, jar);
    const fields = init.body instanceof URLSearchParams ? init.body : new URLSearchParams();
    this.#options.watch?.({ url, fields, response });
    return response;
  }
}

/** Where an answer leads, also where it says so in JSON. */
async function locationOf(response: Response): Promise<string> {
  const location =
    response.headers.get("location") ??
    (response.headers.get("content-type")?.includes("json")
      ? ((await response.json()) as { url?: string }).url
      : undefined);
  if (!location) throw new Error(`${response.url} answered ${response.status} and leads nowhere.`);
  return location;
}

async function send(url: URL, init: RequestInit, jar: Map<string, string>): Promise<Response> {
  const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
  const headers = { ...(init.headers as Fields), cookie };
  const response = await fetch(url, { ...init, headers, redirect: "manual" });
  for (const line of response.headers.getSetCookie()) {
    const [name = "", value = ""] = (line.split(";")[0] ?? "").split(/=(.*)/s);
    if (value === "") jar.delete(name);
    else jar.set(name, value);
  }
  return response;
}
