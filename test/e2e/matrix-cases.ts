import { DatabaseSync } from "node:sqlite";
import type { Identity } from "../../examples/identity/start-identity.ts";
import type { Major } from "./matrix.ts";
import { encodeSession } from "./support/session-token.ts";
import type { Visitor } from "./support/visitor.ts";

/** What a case has at hand. Everything it does with `visitor` is of one trace. */
export interface CaseTools {
  major: Major;
  visitor: Visitor;
  /** Somebody else, whose requests are of another trace. */
  stranger: Visitor;
  /** A person whom only this run of the case is about: an id at the provider, and an address. */
  own: { id: string; email: string };
  identity: Identity;
  /** The app's database file. */
  databasePath: string;
  /** What the app encrypts its cookies with. */
  secret: string;
}

/** Somebody whose address the OpenID provider does not vouch for. */
export const unverified = {
  id: "heidi",
  email: "heidi@example.com",
  name: "Heidi",
  emailVerified: false,
} as const;

/** What a visitor does, by the id of the row in `matrix.ts`. */
export const cases: Readonly<Record<string, (tools: CaseTools) => Promise<unknown>>> = {
  password: ({ visitor }) => visitor.signIn(...alice),
  async "password-while-signed-in"({ visitor }) {
    await visitor.beforehand(() => visitor.signIn(...bob));
    await visitor.signIn(...alice);
  },
  async "password-beside-stale-cookie"(tools) {
    setSession(tools, "forged");
    await tools.visitor.signIn(...alice);
  },
  "wrong-password": ({ visitor }) => visitor.signIn(alice[0], "wrong"),
  "unknown-user": ({ visitor, own }) => visitor.signIn(own.email, "wrong"),
  "password-as-user-name": ({ visitor }) => visitor.signIn("white-rabbit", "white-rabbit"),
  "authorize-throws": ({ visitor }) => visitor.signIn("erin@example.com", "lost-and-found"),
  "account-locked": ({ visitor }) => visitor.signIn("carol@example.com", "christmas-past"),
  async "password-of-leaver"(tools) {
    await tools.stranger.signIn(...bob);
    await asLeaver(tools, bob[0], () => tools.visitor.signIn(...bob));
  },
  "callback-refuses": ({ visitor }) => visitor.signIn("dave@example.com", "pod-bay-doors"),
  "callback-throws": ({ visitor }) => visitor.signIn("grace@example.com", "first-actual-bug"),
  "callback-redirects": ({ visitor }) => visitor.signIn("frank@example.com", "fly-me-to-the-moon"),

  "csrf-missing": ({ visitor }) =>
    visitor.post("callback/credentials", { email: alice[0], password: alice[1], csrfToken: "" }),
  async "sign-out-csrf-missing"({ visitor }) {
    await visitor.beforehand(() => visitor.signIn(...alice));
    await visitor.post("signout", { csrfToken: "" });
  },
  async "update-csrf-missing"({ visitor }) {
    await visitor.beforehand(() => visitor.signIn(...alice));
    await visitor.post("session", { csrfToken: "" });
  },
  "unknown-provider": ({ visitor }) => visitor.post("signin/nobody"),
  "unknown-provider-callback": ({ visitor }) => visitor.getAuth("callback/nobody?code=1"),
  "callback-of-no-provider": ({ visitor }) => visitor.post("callback"),
  "password-by-address": ({ visitor }) =>
    visitor.getAuth(`callback/credentials?email=${alice[0]}&password=${alice[1]}`),
  "unknown-action": ({ visitor }) => visitor.getAuth("nothing"),
  "bad-callback-url": ({ visitor }) => visitor.post("signin/local?callbackUrl=javascript:alert(1)"),
  "forged-log": ({ visitor }) =>
    visitor.post("_log", { level: "error", code: "JWT_SESSION_ERROR", message: "forged" }),

  async "sign-out"({ visitor }) {
    await visitor.beforehand(() => visitor.signIn(...alice));
    await visitor.post("signout");
  },
  "sign-out-without-session": ({ visitor }) => visitor.post("signout"),
  async "sign-out-forged"(tools) {
    setSession(tools, "forged");
    await tools.visitor.post("signout");
  },
  async reading({ visitor }) {
    await visitor.beforehand(() => visitor.signIn(...alice));
    const paths = ["csrf", "providers", "session", "signin", "signout", "error", "verify-request"];
    for (const path of paths) await visitor.getAuth(path);
    await visitor.get("/");
  },
  async "session-update"({ visitor }) {
    await visitor.beforehand(() => visitor.signIn(...alice));
    await visitor.post("session");
  },
  ...wherever({
    "session-forged": (tools) => setSession(tools, "forged"),
    async "session-of-another-secret"(tools) {
      setSession(tools, await encodeSession(tools.major, { secret: "another", maxAgeSeconds: 60 }));
    },
    async "session-expired"(tools) {
      const { major, secret } = tools;
      setSession(tools, await encodeSession(major, { secret, maxAgeSeconds: -60 }));
    },
    async "session-of-leaver"({ visitor, own, databasePath }) {
      await visitor.beforehand(() => visitor.signInByLink(own.email));
      changeDatabase(databasePath, "INSERT INTO leavers VALUES (?)", own.email);
    },
  }),
  async "session-forged-at-handler"(tools) {
    setSession(tools, "forged");
    await tools.visitor.get("/api/account");
  },

  "openid-first": ({ visitor, own }) => visitor.signInByOpenId(own.id),
  async "openid-again"({ visitor, stranger, own }) {
    await stranger.signInByOpenId(own.id);
    await visitor.signInByOpenId(own.id);
  },
  "openid-while-signed-in": linkWhileSignedIn,
  async "openid-denied"({ visitor, own, identity }) {
    await answeredWith(identity, "access_denied", () => visitor.signInByOpenId(own.id));
  },
  async "openid-error"({ visitor, own, identity }) {
    await answeredWith(identity, "server_error", () => visitor.signInByOpenId(own.id));
  },
  async "openid-denied-by-form"({ visitor, own, identity }) {
    await answeredWith(identity, "access_denied", async () => {
      const { pathname, searchParams } = await visitor.openIdCallback(own.id);
      await visitor.post(pathname.replace("/api/auth/", ""), Object.fromEntries(searchParams));
    });
  },
  "openid-denied-by-nobody": ({ visitor }) =>
    visitor.getAuth("callback/local?error=access_denied&state=any"),
  async "openid-denied-state-mismatch"({ visitor, own, identity }) {
    await answeredWith(identity, "access_denied", async () => {
      const callback = await visitor.openIdCallback(own.id);
      callback.searchParams.set("state", "another");
      await visitor.follow(callback);
    });
  },
  "openid-state-tampered": (tools) => withChangedCookie(tools, "state"),
  "openid-verifier-tampered": (tools) => withChangedCookie(tools, "code_verifier"),
  async "openid-state-missing"({ visitor, stranger, own }) {
    await visitor.follow(await stranger.openIdCallback(own.id));
  },
  async "openid-state-mismatch"({ visitor, own }) {
    const callback = await visitor.openIdCallback(own.id);
    callback.searchParams.set("state", "another");
    await visitor.follow(callback);
  },
  async "openid-verifier-missing"({ visitor, own }) {
    const callback = await visitor.openIdCallback(own.id);
    for (const name of visitor.cookies.keys()) {
      if (name.includes("pkce")) visitor.cookies.delete(name);
    }
    await visitor.follow(callback);
  },
  async "openid-replayed"({ visitor, own }) {
    const callback = await visitor.openIdCallback(own.id);
    const cookies = new Map(visitor.cookies);
    await visitor.beforehand(() => visitor.follow(callback));
    visitor.cookies.clear();
    for (const [name, value] of cookies) visitor.cookies.set(name, value);
    await visitor.follow(callback);
  },
  async "openid-code-forged"({ visitor, own }) {
    const callback = await visitor.openIdCallback(own.id);
    callback.searchParams.set("code", "forged");
    await visitor.follow(callback);
  },
  async "openid-not-linked"({ visitor, stranger, own }) {
    await stranger.signInByLink(own.email);
    await visitor.signInByOpenId(own.id);
  },
  async "openid-of-another"({ visitor, stranger, own }) {
    await stranger.signInByOpenId(own.id);
    await visitor.beforehand(() => visitor.signInByLink(`not.${own.email}`));
    await visitor.signInByOpenId(own.id);
  },
  "openid-callback-refuses": ({ visitor }) => visitor.signInByOpenId("dave"),
  "openid-callback-throws": ({ visitor }) => visitor.signInByOpenId("grace"),
  "openid-callback-redirects": ({ visitor }) => visitor.signInByOpenId("frank"),
  async "openid-of-leaver"(tools) {
    const callback = await tools.visitor.openIdCallback(tools.own.id);
    await asLeaver(tools, tools.own.email, () => tools.visitor.follow(callback));
  },
  "openid-profile-throws": ({ visitor }) => visitor.signInByOpenId(unverified.id),
  "openid-without-id": ({ visitor, own }) => visitor.signInByOpenId(own.id),
  "openid-closed": ({ visitor }) => visitor.post("signin/local"),

  "link-asked-for": ({ visitor, own }) => visitor.requestLink(own.email),
  "link-first": signInByLink,
  async "link-again"({ visitor, stranger, own }) {
    await stranger.signInByLink(own.email);
    await visitor.beforehand(() => visitor.requestLink(own.email));
    await visitor.follow(await visitor.link(own.email));
  },
  async "link-reused"({ visitor, stranger, own }) {
    await stranger.signInByLink(own.email);
    await visitor.follow(await visitor.link(own.email));
  },
  async "link-expired"({ visitor, own, databasePath }) {
    await visitor.beforehand(() => visitor.requestLink(own.email));
    const link = await visitor.link(own.email);
    changeDatabase(
      databasePath,
      "UPDATE verification_tokens SET expires = 0 WHERE identifier = ?",
      own.email,
    );
    await visitor.follow(link);
  },
  async "link-of-leaver"(tools) {
    const { visitor, own } = tools;
    await visitor.beforehand(() => visitor.requestLink(own.email));
    await asLeaver(tools, own.email, async () => visitor.follow(await visitor.link(own.email)));
  },
  async "link-of-another"({ visitor, own }) {
    await visitor.beforehand(() => visitor.requestLink(own.email));
    const link = await visitor.link(own.email);
    link.searchParams.set("email", "eve@example.com");
    await visitor.follow(link);
  },
  "link-without-token": ({ visitor, own }) => visitor.getAuth(`callback/email?email=${own.email}`),
  "link-csrf-missing": ({ visitor, own }) =>
    visitor.post("signin/email", { email: own.email, csrfToken: "" }),
  "link-invalid-address": ({ visitor }) => visitor.requestLink("no address"),
  "link-no-address": ({ visitor }) => visitor.post("signin/email"),
  async "link-refused-by-mail-server"({ visitor, own, identity }) {
    identity.mail.refuse(true);
    try {
      await visitor.requestLink(own.email);
    } finally {
      identity.mail.refuse(false);
    }
  },
  "link-mail-server-closed": ({ visitor, own }) => visitor.requestLink(own.email),
  "link-callback-refuses": ({ visitor }) => visitor.requestLink("dave@example.com"),
  "link-callback-throws": ({ visitor }) => visitor.requestLink("grace@example.com"),
  "link-callback-redirects": ({ visitor }) => visitor.requestLink("frank@example.com"),

  "database-openid-first": ({ visitor, own }) => visitor.signInByOpenId(own.id),
  async "database-openid-beside-stale-cookie"(tools) {
    setSession(tools, "forged");
    await tools.visitor.signInByOpenId(tools.own.id);
  },
  "database-openid-while-signed-in": linkWhileSignedIn,
  "database-link-first": signInByLink,
  async "database-link-while-signed-in"(tools) {
    const { visitor, own } = tools;
    await visitor.beforehand(() => visitor.signInByLink(`not.${own.email}`));
    await signInByLink(tools);
  },
  async "database-sign-out"({ visitor, own }) {
    await visitor.beforehand(() => visitor.signInByLink(own.email));
    await visitor.post("signout");
  },
  async "database-sign-out-forged"(tools) {
    setSession(tools, "forged");
    await tools.visitor.post("signout");
  },
  async "database-session"({ visitor, own }) {
    await visitor.beforehand(() => visitor.signInByLink(own.email));
    await visitor.getAuth("session");
    await visitor.get("/");
  },
  ...wherever({
    "database-session-forged": (tools) => setSession(tools, "forged"),
    async "database-session-expired"({ visitor, own, databasePath }) {
      await visitor.beforehand(() => visitor.signInByLink(own.email));
      changeDatabase(
        databasePath,
        "UPDATE sessions SET expires = 0 WHERE userId = (SELECT id FROM users WHERE email = ?)",
        own.email,
      );
    },
  }),

  "closed-link-asked-for": ({ visitor, own }) => visitor.requestLink(own.email),
  "closed-link-used": ({ visitor, own }) =>
    visitor.getAuth(`callback/email?token=t&email=${own.email}`),
  "closed-openid": ({ visitor, own }) => visitor.signInByOpenId(own.id),
  "closed-password": ({ visitor }) => visitor.signIn(...alice),
  ...wherever({
    async "closed-token"(tools) {
      const { major, secret } = tools;
      setSession(tools, await encodeSession(major, { secret, maxAgeSeconds: 60 }));
    },
    "closed-session": (tools) => setSession(tools, "any"),
  }),
};

const alice = ["alice@example.com", "white-rabbit"] as const;
const bob = ["bob@example.com", "can-we-fix-it"] as const;

/** The same session, read in each of the places that `refused` in `matrix.ts` names. */
function wherever(
  sessions: Readonly<Record<string, (tools: CaseTools) => Promise<void> | void>>,
): Record<string, (tools: CaseTools) => Promise<unknown>> {
  const read = Object.entries(sessions).flatMap(([id, prepare]) =>
    Object.entries({
      [id]: "/api/auth/session",
      [`${id}-on-page`]: "/",
      [`${id}-in-pages-router`]: "/pages-router",
    }).map(([place, path]) => [
      place,
      async (tools: CaseTools) => {
        await prepare(tools);
        await tools.visitor.get(path);
      },
    ]),
  );
  return Object.fromEntries(read);
}

/** Does something while the app has a person among those who left. */
async function asLeaver(
  { databasePath }: CaseTools,
  email: string,
  act: () => Promise<unknown>,
): Promise<void> {
  changeDatabase(databasePath, "INSERT INTO leavers VALUES (?)", email);
  try {
    await act();
  } finally {
    changeDatabase(databasePath, "DELETE FROM leavers WHERE email = ?", email);
  }
}

async function signInByLink({ visitor, own }: CaseTools): Promise<void> {
  await visitor.beforehand(() => visitor.requestLink(own.email));
  await visitor.follow(await visitor.link(own.email));
}

async function linkWhileSignedIn({ visitor, own }: CaseTools): Promise<void> {
  await visitor.beforehand(() => visitor.signInByLink(own.email));
  await visitor.signInByOpenId(own.id);
}

async function answeredWith(
  { openId }: Identity,
  error: string,
  act: () => Promise<unknown>,
): Promise<void> {
  openId.answerWith(error);
  try {
    await act();
  } finally {
    openId.answerWith(undefined);
  }
}

/** Comes back from the provider with a cookie that looks as it did, and holds something else. */
async function withChangedCookie({ visitor, own }: CaseTools, name: string): Promise<void> {
  const callback = await visitor.openIdCallback(own.id);
  const [called, value] = [...visitor.cookies].find(([cookie]) => cookie.endsWith(name)) ?? [
    "",
    "",
  ];
  const at = value.length - 30;
  const changed = value[at] === "A" ? "B" : "A";
  visitor.cookies.set(called, value.slice(0, at) + changed + value.slice(at + 1));
  await visitor.follow(callback);
}

/** Puts a session cookie of one's own making into the visitor's jar. */
function setSession({ major, visitor }: CaseTools, value: string): void {
  visitor.cookies.set(sessionCookies[major], value);
}

const sessionCookies: Readonly<Record<Major, string>> = {
  v4: "next-auth.session-token",
  v5: "authjs.session-token",
};

/** Runs one statement on the app's database, beside the app. */
function changeDatabase(path: string, sql: string, value: string): void {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    const { changes } = database.prepare(sql).run(value);
    if (changes === 0) throw new Error(`Nothing was changed by: ${sql}`);
  } finally {
    database.close();
  }
}
