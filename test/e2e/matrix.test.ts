import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Identity, startIdentity } from "../../examples/identity/start-identity.ts";
import { demoUsers } from "../../examples/shared/lib/demo-users.ts";
import {
  type ExpectedEvent,
  type Major,
  matrix,
  type MatrixRow,
  own,
  type Setup,
} from "./matrix.ts";
import { cases, unverified } from "./matrix-cases.ts";
import { eventNames } from "../../src/vocabulary.ts";
import { builtApp, type BuiltApp, example } from "./support/built-app.ts";
import { arrivedEvents, type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";
import { Visitor, type VisitorOptions } from "./support/visitor.ts";

/** One case, done in one form of request. */
interface Run {
  row: MatrixRow;
  form: Form;
  /** Tells it from all others: a person's id at the provider, and the start of an address. */
  id: string;
  address: string;
}

type Form = Pick<VisitorOptions, "json" | "basePath"> & { name: string };

const forms: Readonly<Record<Major, readonly [Form, ...Form[]]>> = {
  v5: [{ name: "form" }, { name: "json", json: true }],
  v4: [
    { name: "form" },
    { name: "json", json: true },
    { name: "form-pages", basePath: "/api/pages-auth" },
    { name: "json-pages", json: true, basePath: "/api/pages-auth" },
  ],
};

const examples: Readonly<Record<Major, string>> = { v4: "next-auth-v4", v5: "auth-js-v5" };
const setups = [...new Set(matrix.map(({ setup }) => setup))];

/** Nothing listens there, and nothing that needs no rights ever will. */
const closedPort = "127.0.0.1:1";

const settingsOf: Readonly<Record<Setup, Readonly<Record<string, string>>>> = {
  "sessions in tokens": {},
  "sessions in the database": { SESSION_STRATEGY: "database" },
  "profiles without an id": { AUTH_LOCAL_ID_CLAIM: "employee_number" },
  "provider and mail server closed": {
    AUTH_LOCAL_ISSUER: `http://${closedPort}`,
    EMAIL_SERVER: `smtp://${closedPort}`,
  },
  "database closed": { DATABASE_PATH: "/dev/null/users.db" },
  "database closed, sessions in it": {
    DATABASE_PATH: "/dev/null/users.db",
    SESSION_STRATEGY: "database",
  },
};

function runsOf(major: Major, setup: Setup): Run[] {
  const rows = matrix.filter((row) => row.setup === setup && row[major] !== null);
  return rows.flatMap((row, number) =>
    forms[major].slice(0, row.eachForm ? undefined : 1).map((form, column) => ({
      row,
      form,
      id: `${row.id}.${form.name}`,
      // Rejects are told one by one only for the first few of each address.
      address: `10.0.${number}.${column}`,
    })),
  );
}

const actions: ReadonlySet<string> = new Set(Object.values(eventNames));

const titleOf = ({ row, form }: Run): string => `${row.when} (${form.name})`;

describe("the matrix", () => {
  it("has a case for each row, and a row for each case", () => {
    const rows = matrix.map(({ id }) => id);
    expect(new Set(rows).size).toBe(rows.length);
    expect(Object.keys(cases).toSorted()).toEqual(rows.toSorted());
  });
});

describe.each<Major>(["v5", "v4"])(
  "a production build of the example with next-auth %s",
  (major) => {
    let built: BuiltApp;
    let identity: Identity;

    beforeAll(async () => {
      built = await builtApp("turbopack", example(examples[major]));
      const people = setups.flatMap((setup) => runsOf(major, setup)).map(({ id }) => personOf(id));
      identity = await startIdentity({ people: [...demoUsers, unverified, ...people] });
    });

    afterAll(() => identity?.close());

    describe.each(setups)("with %s", (setup) => {
      let ledger: TemporaryLedger;
      let app: RunningApp;
      const secret = "a-secret-of-the-matrix";

      beforeAll(async () => {
        ledger = await temporaryLedger();
        app = await startApp(built, {
          ...ledger.settings,
          ...identity.settings,
          AUTH_SECRET: secret,
          NEXTAUTH_SECRET: secret,
          DATABASE_PATH: join(ledger.folder, "users.db"),
          ...settingsOf[setup],
        });
      });

      afterAll(async () => {
        await app?.stop();
        await ledger?.[Symbol.asyncDispose]();
      });

      const runs = runsOf(major, setup).map((run) => [titleOf(run), run] as const);

      it.each(runs)("%s", async (_, { row, form, id, address }) => {
        const visit = (): Visitor => new Visitor({ ...form, url: app.url, identity, address });
        const visitor = visit();
        const person = personOf(id);
        await cases[row.id]?.({
          major,
          visitor,
          stranger: visit(),
          own: person,
          identity,
          databasePath: join(ledger.folder, "users.db"),
          secret,
        });
        // What the app audits of its own accord is no part of the matrix.
        const events = (await eventsOf(visitor.traceId)).filter(({ action }) =>
          actions.has(action),
        );

        const expected = row[major] ?? [];
        expect(events.map(summaryOf)).toEqual(
          expected.map((event) => ({
            ...event,
            ...(event.who === own && { who: person.email }),
          })),
        );
        for (const { details } of events) {
          expect(details).toMatchObject({
            "auth.outcome": "auth.failure.reason" in details ? "failure" : "success",
            "auth.framework.version": major.slice(1),
            ...("client.address" in details && { "client.address": address }),
          });
        }
      });

      /**
       * Events arrive in the order in which they were made, so when that of a later attempt is there,
       * nothing of an earlier one can be missing.
       */
      async function eventsOf(traceId: string): Promise<ProvenEvent[]> {
        const last = new Visitor({ url: app.url, identity });
        await last.getAuth("callback/email?email=the-last@example.com");
        await arrivedEvents(ledger, `"${last.traceId}"`);
        return provenEvents(ledger, `"${traceId}"`);
      }
    });
  },
);

/** The provider takes people at their word, so everybody whom a run needs is known to it. */
const personOf = (id: string): { id: string; email: string; name: string } => ({
  id,
  email: `${id}@example.com`,
  name: id,
});

/** What the matrix says of an event. */
function summaryOf({ action, details }: ProvenEvent): ExpectedEvent {
  const text = (name: string): string | undefined => details[name] as string | undefined;
  const who = text("user.email") ?? text("auth.attempted.identifier");
  return {
    name: action as ExpectedEvent["name"],
    ...optional("reason", text("auth.failure.reason") as ExpectedEvent["reason"]),
    ...optional("type", text("error.type")),
    ...optional("provider", text("auth.provider.id")),
    ...optional("who", who),
    ...("user.id" in details && { known: true }),
    ...optional("isNew", details["auth.user.is_new"] as boolean | undefined),
    ...(!("client.address" in details) && { fromNowhere: true }),
  };
}

const optional = <K extends keyof ExpectedEvent>(
  name: K,
  value: ExpectedEvent[K],
): Pick<ExpectedEvent, K> | object => (value === undefined ? {} : { [name]: value });
