import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Identity, startIdentity } from "../../examples/identity/start-identity.ts";
import { demoUsers } from "../../examples/shared/lib/demo-users.ts";
import { leaking } from "./fixtures/leaking.ts";
import type { Major, Setup } from "./matrix.ts";
import { act, examples, peopleOf, runsOf, settingsOf, setups } from "./matrix-runs.ts";
import { builtApp, type BuiltApp, example } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { loopbackServer } from "./support/loopback-server.ts";
import { arrivedEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { Secrets } from "./support/secrets.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";
import { until } from "./support/until.ts";
import { Visitor } from "./support/visitor.ts";

const alice = ["alice@example.com", "white-rabbit"] as const;

/** A string that can stand nowhere unless it was carried there. */
const canary = (of: string): string => `canary-${of}-${randomBytes(12).toString("hex")}`;

/** What is thrown on the way: by the examples, the provider, the mail server, the closed ports. */
const messages = [
  "The directory does not answer",
  "The list of members does not answer",
  "has not verified",
  "has left",
  "As it was told to",
  "Mailbox full",
  "ECONNREFUSED",
  "ENOTDIR",
] as const;

const millis = 240_000;

describe.each<Major>(["v5", "v4"])("a secret never leaves the example of %s", (major) => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack", example(examples[major]));
  });

  it(
    "through records, log lines, the ledger's answers or its files, whatever way an attempt ends",
    async () => {
      const secrets = new Secrets();
      await using ledger = await temporaryLedger();
      await using identity = await watchedIdentity(major, secrets);
      await using collector = await startCollector();
      addSettings(secrets, ledger, identity);
      let output = "";
      for (const setup of setups) {
        await using app = await startApp(built, {
          ...settingsOf(setup, { ledger, identity }),
          ...collector.settings,
          AUTHLOG_JOURNAL_DIR: join(ledger.folder, "journal"),
        });
        if (setup === "sessions in tokens") await attemptWithCanaries(app, secrets);
        const last = await attemptAll({ app, major, setup, identity, ledger, secrets });
        await arrivedEvents(ledger, `"${last.traceId}"`);
        await app.stop();
        output += app.output();
      }
      addMails(secrets, identity);

      // What was not collected could not be found.
      expect(secrets.names).toEqual(expect.arrayContaining(expectedNames));
      const kept = new Map([
        ["the collector's records", collector.received()],
        ["the ledger's answers", await answersOf(ledger)],
        ...databaseFiles(ledger.folder),
      ]);
      const places = new Map([
        ...kept,
        ["the app's log lines", output],
        ...journalFiles(ledger.folder),
      ]);
      expect(secrets.findIn(places)).toEqual([]);
      expect(messagesIn(kept)).toEqual([]);
      expect(output).not.toContain("[authlog]");

      // What is no secret is found in every place, so a secret would be, too.
      const known = new Secrets();
      known.add("the claimed identity", "nobody@example.com");
      expect(known.findIn(kept)).toEqual(
        [...kept.keys()]
          .filter((place) => !/-shm$|ledger\.db$/.test(place))
          .map((place) => `the claimed identity in ${place}`)
          .toSorted(),
      );
      expect(output).toContain("ECONNREFUSED");
    },
    millis,
  );

  it(
    "through what is said about a receiver that fails, even if it sends the token back",
    async () => {
      const secrets = new Secrets();
      await using ledger = await temporaryLedger();
      await using identity = await watchedIdentity(major, secrets);
      const token = canary("pangea-token");
      addSettings(secrets, ledger, identity);
      secrets.add("PANGEA_TOKEN", token);
      let refused = 0;
      await using receiver = await loopbackServer(async (request, response) => {
        const sent = await text(request);
        const [httpStatus, status] = refusals[refused] ?? refusals[2];
        refused += 1;
        const summary = `Cannot take ${request.headers.authorization ?? ""} ${sent}`;
        const errors = [{ code: "BadFormat", detail: summary, source: "/events/0/event" }];
        response.writeHead(httpStatus, { "content-type": "application/json" });
        response.end(JSON.stringify({ status, summary, result: { errors } }));
      });
      const deadLetters = join(ledger.folder, "dead-letter.jsonl");
      const setup = "sessions in tokens";
      await using app = await startApp(built, {
        ...settingsOf(setup, { ledger, identity }),
        PANGEA_TOKEN: token,
        PANGEA_BASE_URL_TEMPLATE: receiver.url,
        AUTHLOG_DEAD_LETTER_PATH: deadLetters,
        AUTHLOG_JOURNAL_DIR: join(ledger.folder, "journal"),
      });
      await attemptWithCanaries(app, secrets);
      const last = await attemptAll({ app, major, setup, identity, ledger, secrets });
      const read = (): string => readFileSync(deadLetters, { encoding: "utf8", flag: "a+" });
      await until("the app to be refused in each way, to say so, and to give up all", () =>
        refusals.every(([, , code]) => app.output().includes(code)) && read().includes(last.traceId)
          ? true
          : undefined,
      );
      await app.stop();
      addMails(secrets, identity);

      const own = new Map([
        ["the dead letters", read()],
        ...journalFiles(ledger.folder),
        ["authlog's lines", ownLines(app.output())],
      ]);
      expect(secrets.findIn(new Map([...own, ["the app's log lines", app.output()]]))).toEqual([]);
      expect(messagesIn(own)).toEqual([]);
      expect(read()).toContain("nobody@example.com");
      expect(own.get("authlog's lines")).toContain(refusals[2][2]);
    },
    millis,
  );
});

describe("the search for secrets", () => {
  let leaky: BuiltApp;

  beforeAll(async () => {
    leaky = await builtApp("turbopack", leaking);
  });

  it("finds each of them, also in an encoding, and cut as long values are", () => {
    const secrets = new Secrets();
    secrets.add("a token", `eyJ.${randomBytes(200).toString("base64url")}`);
    secrets.add("a password", 'white "rabbit" & co');
    for (const [name, plant] of secrets.plants()) {
      expect(secrets.findIn(new Map([["a log", plant.slice(0, 256)]]))).toEqual([
        `${name} in a log`,
      ]);
    }
  });

  it("finds what an app leaks that hands its tokens to authlog as identities, and prints them", async () => {
    const secrets = new Secrets();
    await using ledger = await temporaryLedger();
    await using collector = await startCollector();
    await using app = await startApp(leaky, {
      ...ledger.settings,
      ...collector.settings,
    });
    const client = new FormClient(app.url);
    await client.signIn("nobody@example.com", "wrong");
    secrets.add("csrfToken", client.csrfToken);
    await arrivedEvents(ledger, 'action:"auth.sign_in"');
    await app.stop();
    const places = new Map([
      ["the app's log lines", app.output()],
      ["the collector's records", collector.received()],
      ["the ledger's answers", await answersOf(ledger)],
    ]);
    expect(secrets.findIn(places)).toEqual(
      [...places.keys()].map((place) => `csrfToken in ${place}`).toSorted(),
    );
  });
});

/** Ways of refusing a batch, one after the other, and the last from then on: the status, what the envelope says, and what authlog says of it. */
const refusals = [
  [401, "Unauthorized", "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED"],
  [500, "InternalServerError", "ERR_AUTHLOG_DELIVERY_RETRYABLE"],
  [400, "ValidationError", "ERR_AUTHLOG_DELIVERY_REJECTED"],
] as const;

const expectedNames = [
  "AUTH_LOCAL_SECRET",
  "AUTH_SECRET",
  "PANGEA_TOKEN",
  "access_token",
  "code",
  "code_challenge",
  "code_verifier",
  "cookie code_verifier",
  "cookie csrf-token",
  "cookie session-token",
  "cookie state",
  "csrfToken",
  "id_token",
  "password",
  "refresh_token",
  "state",
  "token",
];

function watchedIdentity(major: Major, secrets: Secrets): Promise<Identity> {
  return startIdentity({
    people: peopleOf(major),
    onTokens(asked, answered) {
      secrets.addAll(Object.entries(asked));
      secrets.addAll(Object.entries(answered));
    },
  });
}

/** What the app is told, and nobody else. */
function addSettings(secrets: Secrets, ledger: TemporaryLedger, identity: Identity): void {
  const settings = settingsOf("sessions in tokens", { ledger, identity });
  const names = ["AUTH_LOCAL_SECRET", "AUTH_SECRET", "AUTHLOG_READ_TOKEN", "PANGEA_TOKEN"];
  for (const name of names) secrets.add(name, settings[name] ?? "");
  for (const { password } of demoUsers) secrets.add("password", password);
}

/** Also of the links that nobody followed. */
function addMails(secrets: Secrets, { mail }: Identity): void {
  for (const { link = "" } of mail.mails) secrets.addAll(new URL(link).searchParams);
}

interface Attempts {
  app: RunningApp;
  major: Major;
  setup: Setup;
  identity: Identity;
  ledger: TemporaryLedger;
  secrets: Secrets;
}

/**
 * Goes through every row of the matrix.
 *
 * @returns who made the last attempt of all: when its event is there, so are those before it
 */
async function attemptAll({
  app: { url },
  major,
  setup,
  identity,
  ledger,
  secrets: { watch },
}: Attempts): Promise<Visitor> {
  for (const run of runsOf(major, setup)) {
    const { form, address } = run;
    const visit = (): Visitor => new Visitor({ ...form, url, identity, address, watch });
    await act(run, { major, visitor: visit(), stranger: visit(), identity, ledger });
  }
  const last = new Visitor({ url, identity });
  await last.getAuth("callback/email?email=the-last@example.com");
  return last;
}

/** Signs in, fails to, and signs out, with a canary wherever a client can put one. */
async function attemptWithCanaries({ url }: RunningApp, secrets: Secrets): Promise<void> {
  const add = (name: string): string => {
    const secret = canary(name);
    secrets.add(name, secret);
    return secret;
  };
  const wrong = add("a wrong password");
  const client = new FormClient(url);
  client.cookies.set("other", add("a cookie of the app"));
  client.extraFields = { remember: add("an unknown field") };
  const headers = {
    authorization: `Bearer ${add("a header")}`,
    referer: `${url}/?token=${add("a query")}`,
  };
  await client.signIn("alice@example.com", wrong, headers);
  await client.signIn("nobody@example.com", wrong, headers);
  await client.signIn(add("mistyped password"), wrong, headers);
  await client.signIn(...alice, headers);
  await client.signOut(headers);
}

/** An OTLP receiver for log records, and what it was sent, as it was sent. */
async function startCollector() {
  let received = "";
  const server = await loopbackServer(async (request, response) => {
    received += await text(request);
    response.setHeader("content-type", "application/json").end("{}");
  });
  return {
    received: () => received,
    settings: {
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${server.url}/v1/logs`,
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** What the ledger says to a search for everything, for its root, and to requests that are wrong. */
async function answersOf({ url, readToken, token }: TemporaryLedger): Promise<string> {
  const ask = async (path: string, authorization: string, body: string): Promise<string> => {
    const response = await fetch(`${url}/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${authorization}`, "content-type": "application/json" },
      body,
    });
    return `${JSON.stringify([...response.headers])} ${await response.text()}`;
  };
  const search = await ask(
    "v1/search",
    readToken,
    `{"query":"","max_results":10000,"limit":10000,"verbose":true}`,
  );
  expect(search).toContain("auth.sign_in");
  const answers = await Promise.all([
    ask("v1/root", readToken, "{}"),
    ask("v1/search", token, `{"query":""}`),
    ask("v2/log", token, `{"events":[{"event":{"no_such_field":"x"}}]}`),
    ask("v2/log", token, "this is not JSON"),
    ask("v2/log", readToken, `{"events":[]}`),
  ]);
  return [search, ...answers].join("\n");
}

/** The ledger's database with its journal. The files that its tokens are kept in are theirs alone. */
function databaseFiles(folder: string): [name: string, content: string][] {
  return readdirSync(folder)
    .filter((name) => name.startsWith("ledger.db"))
    .map((name) => [name, readFileSync(join(folder, name), "latin1")]);
}

/** What is kept on the disk until the receiver has confirmed it. */
function journalFiles(folder: string): [name: string, content: string][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.startsWith("journal/"))
    .map((name) => [name, readFileSync(join(folder, name), "latin1")]);
}

/** What authlog itself said. NextAuth's errors are printed beside it, as NextAuth prints them. */
const ownLines = (output: string): string =>
  (output.match(/^\[authlog\].*(?:\n {2}.*)*/gm) ?? []).join("\n");

function messagesIn(places: ReadonlyMap<string, string>): string[] {
  return [...places].flatMap(([place, content]) =>
    messages.filter((message) => content.includes(message)).map((m) => `"${m}" in ${place}`),
  );
}
