import type { Exchange } from "./visitor.ts";

/** What is shorter is a word, and may stand anywhere; a password that is told apart can be shorter. */
const shortest = 16;
const shortestPassword = 10;

/** Values are cut to a length before they are told, so the beginning of a secret is looked for. */
const probeLength = 24;

/** Parameters of addresses, fields of forms and of a provider's answers that hold a secret. */
const secretNames: ReadonlySet<string> = new Set([
  "access_token",
  "code",
  "code_challenge",
  "code_verifier",
  "csrfToken",
  "id_token",
  "nonce",
  "password",
  "refresh_token",
  "state",
  "token",
]);

/** Collects every string that must stay where it was put, and looks for them. */
export class Secrets {
  readonly #nameOf = new Map<string, string>();

  /** What there is to look for, by name. */
  get names(): string[] {
    return [...new Set(this.#nameOf.values())].toSorted();
  }

  /** @throws for what is too short to be told from other words */
  add(name: string, secret: string): void {
    if (secret.length < shortestPassword)
      throw new Error(`The ${name} is too short to be looked for.`);
    this.#nameOf.set(secret, name);
  }

  /** Takes all that is secret in a list of names and values. */
  addAll(pairs: Iterable<readonly [name: string, value: unknown]>): void {
    for (const [name, value] of pairs) {
      const isSecret = secretNames.has(name) && typeof value === "string";
      if (isSecret && value.length >= shortest) this.add(name, value);
    }
  }

  /** Takes all that is secret in a request and its answer; cookies by the end of their name. */
  watch = ({ url, fields, response }: Exchange): void => {
    this.addAll(url.searchParams);
    // In a form a code is that of an error, for next-auth 4's `_log`.
    this.addAll([...fields].filter(([name]) => name !== "code"));
    const location = URL.parse(response.headers.get("location") ?? "", url);
    this.addAll(location?.searchParams ?? []);
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      // Where to go on is an address, and no secret.
      if (name.endsWith("callback-url") || value.length < shortest) continue;
      this.add(`cookie ${name.split(".").at(-1) ?? ""}`, decodeURIComponent(value));
    }
  };

  /** @returns which secrets stand in which places, in whatever encoding */
  findIn(places: ReadonlyMap<string, string>): string[] {
    const found = new Set<string>();
    for (const [secret, name] of this.#nameOf) {
      const probes = encodings(secret.slice(0, probeLength));
      for (const [place, content] of places) {
        if (probes.some((probe) => content.includes(probe))) found.add(`${name} in ${place}`);
      }
    }
    return [...found].toSorted();
  }

  /** For each secret and each encoding, a text with it in its midst. */
  *plants(): Generator<readonly [name: string, text: string]> {
    for (const [secret, name] of this.#nameOf) {
      for (const encoded of encodings(secret)) yield [name, `before ${encoded} after`];
    }
  }
}

function encodings(text: string): string[] {
  const bytes = Buffer.from(text);
  return [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    // Without the last group, which depends on what comes behind.
    bytes.toString("base64").slice(0, Math.floor(bytes.length / 3) * 4),
    bytes.toString("hex"),
  ];
}
