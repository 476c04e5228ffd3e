import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Identity, startIdentity } from "../../examples/identity/start-identity.ts";
import { eventNames } from "../../src/vocabulary.ts";
import { type ExpectedEvent, type Major, matrix, own } from "./matrix.ts";
import { cases } from "./matrix-cases.ts";
import { act, examples, peopleOf, type Run, runsOf, settingsOf, setups } from "./matrix-runs.ts";
import { builtApp, type BuiltApp, example } from "./support/built-app.ts";
import { arrivedEvents, type ProvenEvent, provenEvents } from "./support/proven-events.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";
import { Visitor } from "./support/visitor.ts";

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
      identity = await startIdentity({ people: peopleOf(major) });
    });

    afterAll(() => identity?.close());

    describe.each(setups)("with %s", (setup) => {
      let ledger: TemporaryLedger;
      let app: RunningApp;

      beforeAll(async () => {
        ledger = await temporaryLedger();
        app = await startApp(built, settingsOf(setup, { ledger, identity }));
      });

      afterAll(async () => {
        await app?.stop();
        await ledger?.[Symbol.asyncDispose]();
      });

      const runs = runsOf(major, setup).map((run) => [titleOf(run), run] as const);

      it.each(runs)("%s", async (_, run) => {
        const { row, address } = run;
        const visitor = new Visitor({ ...run.form, url: app.url, identity, address });
        const stranger = new Visitor({ ...run.form, url: app.url, identity, address });
        await act(run, { major, visitor, stranger, identity, ledger });
        // What the app audits of its own accord is no part of the matrix.
        const events = (await eventsOf(visitor.traceId)).filter(({ action }) =>
          actions.has(action),
        );

        const expected = row[major] ?? [];
        expect(events.map(summaryOf)).toEqual(
          expected.map((event) => ({
            ...event,
            ...(event.who === own && { who: run.own.email }),
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
