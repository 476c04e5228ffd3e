import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Audit, AuditService } from "pangea-node-sdk";
import { afterEach, describe, expect, it } from "vitest";
import { defineSchema } from "../../src/audit-schema/define-schema.ts";
import type { StartLedgerOptions } from "../../src/ledger-server/options.ts";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import { sdkOf } from "./sdk-client.ts";

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

type Schema = NonNullable<StartLedgerOptions["schema"]>;
type Sdk = { writer: AuditService; reader: AuditService };

/** A ledger of a schema, and the unmodified SDK in front of it. */
async function ledgerOf(schema: Schema): Promise<Sdk> {
  const folder = await mkdtemp(join(tmpdir(), "authlog-schemas-"));
  undo.push(() => rm(folder, { recursive: true }));
  const ledger: RunningLedger = await startLedger({
    path: join(folder, "ledger.db"),
    port: 0,
    schema,
  });
  undo.push(ledger.close);
  return sdkOf(ledger);
}

const logins = defineSchema({
  name: "logins",
  fields: {
    who: { type: "string", required: true },
    tries: { type: "integer" },
    ok: { type: "boolean" },
    at: { type: "datetime" },
    note: { type: "text", maxBytes: 8 },
    uid: { type: "string" },
  },
  uidField: "uid",
  map: () => ({}),
});

/** The tutorial's call, which has fields of its own. */
const tutorialEvent = (event: object): Audit.Event => event as Audit.Event;

const login = tutorialEvent({
  message: "User logged in",
  action: "login",
  email: "ada@example.com",
  name: "Ada",
  target: "ada@example.com",
});

describe("a ledger of the tutorial's schema, with the unmodified SDK", () => {
  it("takes the tutorial's call, verifies it, and finds it by its fields", async () => {
    const { writer, reader } = await ledgerOf("tutorial");
    const logged = await writer.log(login, { verify: true });
    expect(logged.result).toMatchObject({ membership_verification: "pass" });
    const found = await reader.search("action:login email:ada@example.com", {}, {});
    expect(found.result.events.map(({ envelope }) => envelope.event)).toEqual([login]);
  });

  it("knows an event by its event_id, whichever call brings it", async () => {
    const { writer, reader } = await ledgerOf("tutorial");
    const event = tutorialEvent({ ...login, event_id: "e-1" });
    const first = await writer.log(event, { verbose: true });
    const again = await writer.logBulk([event], { verbose: true });
    expect(again.result.results[0]?.hash).toBe(first.result.hash);
    expect((await reader.search("", {}, {})).result.count).toBe(1);
  });

  it("refuses a field that it does not have, with a pointer to it", async () => {
    const { writer } = await ledgerOf("tutorial");
    await expect(writer.log({ ...login, actor: "ada" })).rejects.toMatchObject({
      response: { result: { errors: [{ source: "/event/actor", code: "UnexpectedProperty" }] } },
    });
  });
});

describe("a ledger of a schema of the app's own, with the unmodified SDK", () => {
  const event = tutorialEvent({
    who: "ada",
    tries: 2,
    ok: false,
    at: "2026-01-01T00:00:00Z",
    uid: "u-1",
  });

  it("takes every type of field, and verifies each record of a search", async () => {
    const { writer, reader } = await ledgerOf(logins);
    await writer.logBulk([event, tutorialEvent({ who: "eve", ok: true, note: "short" })]);
    const { result } = await reader.search("", { order_by: "tries" }, { verifyConsistency: true });
    expect(result.events.map(({ envelope }) => envelope.event)).toEqual(
      expect.arrayContaining([event]),
    );
    expect(result.events.map(({ membership_verification }) => membership_verification)).toEqual([
      "pass",
      "pass",
    ]);
  });

  it("knows an event by the declared field, and by no other", async () => {
    const { writer, reader } = await ledgerOf(logins);
    await writer.logBulk([event, event]);
    expect((await reader.search("", {}, {})).result.count).toBe(1);
    await writer.logBulk([tutorialEvent({ who: "eve" }), tutorialEvent({ who: "eve" })]);
    expect((await reader.search("who:eve", {}, {})).result.count).toBe(2);
  });

  it.each<[string, object, string]>([
    ["a text for a number", { tries: "2" }, "/event/tries"],
    ["a number for a truth value", { ok: 1 }, "/event/ok"],
    ["no time", { at: "yesterday" }, "/event/at"],
    ["a text that is too long", { note: "nine chars" }, "/event/note"],
    ["nothing for a field that has to be there", { who: undefined }, "/event/who"],
  ])("refuses %s", async (_name, wrong, source) => {
    const { writer } = await ledgerOf(logins);
    const refused = writer.log(tutorialEvent({ ...event, ...wrong }));
    await expect(refused).rejects.toMatchObject({ response: { result: { errors: [{ source }] } } });
  });
});
