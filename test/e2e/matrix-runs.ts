import { join } from "node:path";
import type { Identity } from "../../examples/identity/start-identity.ts";
import { demoUsers } from "../../examples/shared/lib/demo-users.ts";
import { type Major, matrix, type MatrixRow, type Setup } from "./matrix.ts";
import { cases, type CaseTools, unverified } from "./matrix-cases.ts";
import type { TemporaryLedger } from "./support/temporary-ledger.ts";
import type { VisitorOptions } from "./support/visitor.ts";

/** One case, done in one form of request. */
export interface Run {
  row: MatrixRow;
  form: Form;
  /** A person whom only this run is about. */
  own: Person;
  address: string;
}

type Person = CaseTools["own"] & { name: string };

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

export const examples: Readonly<Record<Major, string>> = { v4: "next-auth-v4", v5: "auth-js-v5" };
export const setups: readonly Setup[] = [...new Set(matrix.map(({ setup }) => setup))];

/** Nothing listens there, and nothing that needs no rights ever will. */
const closedPort = "127.0.0.1:1";

const peculiarities: Readonly<Record<Setup, Readonly<Record<string, string>>>> = {
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

/** Every run of a setup's rows. */
export function runsOf(major: Major, setup: Setup): Run[] {
  const rows = matrix.filter((row) => row.setup === setup && row[major] !== null);
  return rows.flatMap((row, number) =>
    forms[major].slice(0, row.eachForm ? undefined : 1).map((form, column) => ({
      row,
      form,
      own: personOf(`${row.id}.${form.name}`),
      // Rejects are told one by one only for the first few of each address.
      address: `10.0.${number}.${column}`,
    })),
  );
}

const secret = "a-secret-of-the-matrix";

interface Surroundings {
  ledger: TemporaryLedger;
  identity: Identity;
}

/** What an app is told, to be set up so. */
export const settingsOf = (
  setup: Setup,
  { ledger, identity }: Surroundings,
): Readonly<Record<string, string>> => ({
  ...ledger.settings,
  ...identity.settings,
  AUTH_SECRET: secret,
  NEXTAUTH_SECRET: secret,
  DATABASE_PATH: databasePath(ledger),
  ...peculiarities[setup],
});

const databasePath = ({ folder }: TemporaryLedger): string => join(folder, "users.db");

/** Whom the provider must know for all runs of a major. */
export const peopleOf = (major: Major): readonly (Person | typeof unverified)[] => [
  ...demoUsers,
  unverified,
  ...setups.flatMap((setup) => runsOf(major, setup)).map(({ own }) => own),
];

/** Does what the row's case says. */
export async function act(
  { row, own }: Run,
  tools: Pick<CaseTools, "major" | "visitor" | "stranger"> & Surroundings,
): Promise<void> {
  const { ledger, ...others } = tools;
  await cases[row.id]?.({ ...others, own, secret, databasePath: databasePath(ledger) });
}

/** The provider takes people at their word, so everybody whom a run needs is known to it. */
const personOf = (id: string): Person => ({
  id,
  email: `${id}@example.com`,
  name: id,
});
