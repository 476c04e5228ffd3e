import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { startIdentity } from "../../examples/identity/start-identity.ts";
import { builtApp, type BuiltApp, example } from "./support/built-app.ts";
import { arrivedEvents, type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";
import { Visitor } from "./support/visitor.ts";

interface Attempt {
  visitor: Visitor;
  address: string;
  email: string;
  /** What it must leave: the event and whose it is; nobody's, where none was tried. */
  leaves: readonly string[];
  act: () => Promise<unknown>;
}

/** How one attempt in five goes. What comes before it is done by then. */
type Kind = (
  visitor: Visitor,
  id: string,
  email: string,
) => Promise<Pick<Attempt, "leaves" | "act">>;

const kinds: readonly Kind[] = [
  async (visitor, _, email) => ({
    leaves: [`auth.sign_in failure ${email}`],
    act: () => visitor.signIn(email, "wrong"),
  }),
  async (visitor, id, email) => {
    const callback = await visitor.openIdCallback(id);
    return {
      leaves: [
        `auth.user.create success ${email}`,
        `auth.account.link success ${email}`,
        `auth.sign_in success ${email}`,
      ],
      act: () => visitor.follow(callback),
    };
  },
  async (visitor, _, email) => ({
    leaves: [`auth.verification.request success ${email}`],
    act: () => visitor.requestLink(email),
  }),
  async (visitor, _, email) => {
    await visitor.beforehand(() => visitor.requestLink(email));
    const link = await visitor.link(email);
    return {
      leaves: [`auth.user.create success ${email}`, `auth.sign_in success ${email}`],
      act: () => visitor.follow(link),
    };
  },
  async (visitor) => ({
    leaves: ["auth.request.reject failure nobody"],
    act: () => visitor.post("callback/credentials", { csrfToken: "" }),
  }),
];

const attemptCount = 50;
const ids = Array.from({ length: attemptCount }, (_, n) => `visitor-${n}`);
const emailOf = (id: string): string => `${id}@example.com`;

describe.each(["auth-js-v5", "next-auth-v4"])("fifty attempts at one time on %s", (name) => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack", example(name));
  });

  it("leave what each alone would leave, with its own identity, address and trace", async () => {
    await using ledger = await temporaryLedger();
    await using identity = await startIdentity({
      people: ids.map((id) => ({ id, email: emailOf(id), name: id })),
    });
    await using app = await startApp(built, {
      ...ledger.settings,
      ...identity.settings,
      NEXTAUTH_SECRET: "a-secret-for-tests-alone",
      DATABASE_PATH: join(ledger.folder, "users.db"),
    });
    const attempts: Attempt[] = await Promise.all(
      ids.map(async (id, n) => {
        const address = `203.0.113.${n}`;
        const email = emailOf(id);
        const visitor = new Visitor({ url: app.url, identity, address });
        const kind = kinds[n % kinds.length] as Kind;
        return { visitor, address, email, ...(await kind(visitor, id, email)) };
      }),
    );
    await Promise.all(attempts.map(({ act }) => act()));
    const last = new Visitor({ url: app.url, identity });
    await last.signIn("the-last@example.com", "wrong");
    await arrivedEvents(ledger, `"${last.traceId}"`);

    const events = await provenEvents(ledger);
    for (const { visitor, address, leaves } of attempts) {
      const own = events.filter(({ details }) => details["trace_id"] === visitor.traceId);
      expect(own.map(summaryOf)).toEqual(leaves);
      expect(new Set(own.map(({ details }) => details["client.address"]))).toEqual(
        new Set([address]),
      );
    }
  });
});

function summaryOf({ action, details }: ProvenEvent): string {
  const text = (name: string): string | undefined => details[name] as string | undefined;
  const who = text("user.email") ?? text("auth.attempted.identifier") ?? "nobody";
  return `${action} ${text("auth.outcome")} ${who}`;
}
