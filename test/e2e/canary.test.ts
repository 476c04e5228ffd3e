import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { builtApp, type BuiltApp, example } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { loopbackServer } from "./support/loopback-server.ts";
import { arrivedEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";
import { until } from "./support/until.ts";

const alice = ["alice@example.com", "white-rabbit"] as const;

/** A string that can stand nowhere unless it was carried there. */
const canary = (of: string): string => `canary-${of}-${randomBytes(12).toString("hex")}`;

/** Every string that must stay where it was put, by what it is. */
type Secrets = Map<string, string>;

describe.each(["auth-js-v5", "next-auth-v4"])("a secret never leaves %s", (name) => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack", example(name));
  });

  it("through records, log lines, the ledger's answers or its files, whatever way a sign-in ends", async () => {
    await using ledger = await temporaryLedger();
    const authSecret = canary("auth-secret");
    await using app = await startApp(built, { ...ledger.settings, AUTH_SECRET: authSecret });
    const secrets = await attemptEverything(app);
    secrets.set("AUTH_SECRET", authSecret);
    secrets.set("PANGEA_TOKEN", ledger.token);
    await arrivedEvents(ledger, 'action:"auth.sign_out"');

    const places = new Map([
      ["the app's log lines", app.output()],
      ["the ledger's answers", await answersOf(ledger)],
      ...databaseFiles(ledger.folder),
    ]);
    // What is no secret is found in every place, so a secret would be, too.
    const known = new Map([["the claimed identity", "nobody@example.com"]]);
    expect(findIn(places, known)).toEqual(
      expect.arrayContaining([
        "the claimed identity in the ledger's answers",
        "the claimed identity in ledger.db-wal",
      ]),
    );
    expect(findIn(places, secrets)).toEqual([]);
  });

  it("through what is said about a receiver that fails, even if it sends the token back", async () => {
    const token = canary("pangea-token");
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
    await using app = await startApp(built, {
      PANGEA_TOKEN: token,
      PANGEA_BASE_URL_TEMPLATE: receiver.url,
    });
    const secrets = await attemptEverything(app);
    secrets.set("PANGEA_TOKEN", token);
    // A code is shown once a minute: each way of refusing has its own.
    await until("the app to be refused in each way, and to say so", () =>
      refusals.every(([, , code]) => app.output().includes(code)) ? true : undefined,
    );
    expect(findIn(new Map([["the app's log lines", app.output()]]), secrets)).toEqual([]);
  });
});

/** Ways of refusing a batch, one after the other, and the last from then on: the status, what the envelope says, and what authlog says of it. */
const refusals = [
  [401, "Unauthorized", "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED"],
  [500, "InternalServerError", "ERR_AUTHLOG_DELIVERY_RETRYABLE"],
  [400, "ValidationError", "ERR_AUTHLOG_DELIVERY_REJECTED"],
] as const;

/** Signs in, fails to in every way, and signs out; every secret on the way is a canary. */
async function attemptEverything({ url }: RunningApp): Promise<Secrets> {
  const secrets: Secrets = new Map([
    ["Alice's password", alice[1]],
    ["a wrong password", canary("password")],
    ["a password in the wrong field", canary("mistyped password")],
    ["a cookie of the app", canary("cookie")],
    ["a header", canary("header")],
    ["a query", canary("query")],
    ["an unknown field", canary("field")],
  ]);
  const of = (name: string): string => secrets.get(name) ?? "";
  const client = new FormClient(url);
  client.cookies.set("other", of("a cookie of the app"));
  client.extraFields = { remember: of("an unknown field") };
  const headers = {
    authorization: `Bearer ${of("a header")}`,
    referer: `${url}/?token=${of("a query")}`,
  };
  await client.signIn("alice@example.com", of("a wrong password"), headers);
  await client.signIn("nobody@example.com", of("a wrong password"), headers);
  await client.signIn(of("a password in the wrong field"), of("a wrong password"), headers);
  await client.signIn("carol@example.com", "christmas-past", headers);
  await client.signIn("dave@example.com", "pod-bay-doors", headers);
  await client.signIn("erin@example.com", "lost-and-found", headers);
  await client.signIn(...alice, headers);
  secrets.set("the CSRF token", client.csrfToken);
  // Both majors name their cookies alike, up to the prefix.
  for (const [name, value] of client.cookies) {
    if (name.endsWith(".csrf-token")) secrets.set("the CSRF cookie", value);
    if (name.endsWith(".session-token")) secrets.set("the session token", value);
  }
  expect(secrets.size).toBe(10);
  await client.signOut(headers);
  for (const value of secrets.values()) expect(value.length).toBeGreaterThan(10);
  return secrets;
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
    `{"query":"","max_results":1000,"limit":1000,"verbose":true}`,
  );
  expect(search).toContain("auth.sign_out");
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

function findIn(places: ReadonlyMap<string, string>, secrets: Secrets): string[] {
  return [...places].flatMap(([place, content]) =>
    [...secrets]
      .filter(([, secret]) => content.includes(secret))
      .map(([name]) => `${name} in ${place}`),
  );
}
