import { cpSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import { temporaryFolder } from "./served-ledger.ts";

const whole = temporaryFolder();
let folder: ReturnType<typeof temporaryFolder>;
let ledger: RunningLedger | undefined;
let told: unknown[];

/** Twelve events in three published buffers, and none open. */
beforeAll(async () => {
  ledger = await start(whole.path);
  for (let at = 0; at < 12; at += 1) await log(at);
  await ledger.close();
  ledger = undefined;
});
beforeEach(() => {
  folder = temporaryFolder();
  cpSync(whole.path, folder.path, { recursive: true });
  told = [];
});
afterEach(async () => {
  await ledger?.close().catch(() => undefined);
  ledger = undefined;
  folder[Symbol.dispose]();
});
afterAll(() => {
  whole[Symbol.dispose]();
});

function start(path: string): Promise<RunningLedger> {
  return startLedger({
    path: join(path, "ledger.db"),
    port: 0,
    maxBufferSize: 4,
    publishIntervalMillis: 86_400_000,
    onError: (error) => told.push(error),
  });
}

/** Edits the file as somebody with rights on the machine can, by another connection. */
function edit(sql: string): void {
  const db = new DatabaseSync(join(folder.path, "ledger.db"));
  db.exec(`PRAGMA busy_timeout = 5000; ${sql}`);
  db.close();
}

async function post(path: string, body: object): Promise<[number, string, string]> {
  const token = path.endsWith("log") ? ledger?.token : ledger?.readToken;
  const response = await fetch(`${ledger?.url}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { status, summary } = (await response.json()) as { status: string; summary: string };
  return [response.status, status, summary];
}

function log(at: number): ReturnType<typeof post> {
  const event = { message: `event ${at}`, new: JSON.stringify({ "log.record.uid": `u${at}` }) };
  return post("v1/log", { event });
}

const damaged = (place: string): object => [
  500,
  "LedgerDamaged",
  expect.stringContaining(`The ledger is damaged. ${place}`),
];

describe("a ledger from which something was taken while nobody served it", () => {
  it("starts as long as it is whole", async () => {
    ledger = await start(folder.path);
    expect((await post("v1/search", {}))[2]).toBe("Found 12 record(s)");
  });

  it.each([
    ["one event", "DELETE FROM event WHERE id = 5", "Event 5 is missing"],
    ["two siblings", "DELETE FROM event WHERE id IN (4, 5)", "Events 4 to 5 are missing"],
    ["the first event", "DELETE FROM event WHERE id = 0", "Event 0 is missing"],
    [
      "all events of a buffer",
      "DELETE FROM event WHERE id BETWEEN 4 AND 7",
      "Events 4 to 7 are missing",
    ],
    [
      "all events of the last buffer",
      "DELETE FROM event WHERE id >= 8",
      "Events 8 to 11 are missing: buffer 2",
    ],
    ["every event", "DELETE FROM event", "Events 0 to 11 are missing"],
    [
      "the last buffer with its events",
      "DELETE FROM event WHERE id >= 8; DELETE FROM buffer WHERE id = 2",
      "The tree of unpublished events has 2 nodes on level 1",
    ],
    [
      "two buffers with their events",
      "DELETE FROM event WHERE id >= 4; DELETE FROM buffer WHERE id >= 1",
      "There are nodes of a tree 2, and the last buffer is 1",
    ],
    ["a buffer", "DELETE FROM buffer WHERE id = 1", "Buffer 1 is missing"],
    ["the first buffer", "DELETE FROM buffer WHERE id = 0", "Buffer 0 is missing"],
    [
      "an event of a buffer, with its size",
      "DELETE FROM event WHERE id = 11; UPDATE buffer SET size = 3 WHERE id = 1",
      "Buffer 2 does not begin where the one before it ends",
    ],
    [
      "a node of the published tree",
      "DELETE FROM node WHERE tree = -1",
      "The tree of buffers has 0 nodes on level 1",
    ],
    ["the tree's name", "DELETE FROM ledger", "The ledger's name is missing"],
    ["an index", "DROP INDEX event_uid", 'The index "event_uid" is missing'],
    ["a table", "DROP TABLE node", 'The table "node" is missing'],
  ])("does not start without %s, and says where", async (_, sql, place) => {
    edit(sql);
    await expect(start(folder.path)).rejects.toMatchObject({
      code: "ERR_AUTHLOG_LEDGER_DAMAGED",
      message: expect.stringContaining(`The ledger is damaged. ${place}`),
    });
  });

  it("does not start with a trigger or an index that is not its own", async () => {
    edit("CREATE TRIGGER hide AFTER INSERT ON event BEGIN DELETE FROM event; END");
    await expect(start(folder.path)).rejects.toThrow(
      'The trigger "hide" does not belong to a ledger',
    );
    edit(`DROP TRIGGER hide; DROP INDEX event_received_at;
      CREATE INDEX event_received_at ON event (received_us)`);
    await expect(start(folder.path)).rejects.toThrow(
      'The index "event_received_at" is not the ledger\'s own',
    );
  });

  it("names a node that a proof lacks", async () => {
    edit("DELETE FROM node WHERE tree = 1");
    ledger = await start(folder.path);
    expect(await post("v1/search", { limit: 4 })).toContain(200);
    expect(await post("v1/search", {})).toEqual(damaged("The ledger lacks tree node 1"));
    expect(told).toMatchObject([{ code: "ERR_AUTHLOG_LEDGER_DAMAGED" }]);
  });
});

describe("a record whose columns were changed", () => {
  it.each(["received_us = 0", "timestamp_us = 0", "uid = 'another'", "uid = NULL", "conflict = 1"])(
    "to %s is found all the same, and reported",
    async (change) => {
      edit(`UPDATE event SET ${change} WHERE id = 5`);
      ledger = await start(folder.path);
      const column = change.split(" ")[0];
      const place = `Event 5 is not what its column ${column} says`;
      expect(await post("v1/search", { query: '"event 5"' })).toEqual(damaged(place));
      expect(await post("v1/search", { query: '"event 6"' })).toContain(200);
    },
  );

  it("holds no other event back as its duplicate", async () => {
    edit(`UPDATE event SET uid = 'u12', content = (SELECT content FROM event WHERE id = 4)
      WHERE id = 5; UPDATE event SET uid = 'u5' WHERE id = 4`);
    edit("UPDATE event SET uid = 'u4' WHERE id = 5");
    ledger = await start(folder.path);
    expect(await log(4)).toEqual(damaged("Event 5 is not what its columns say"));
  });
});

describe("a ledger from which something is taken while it is served", () => {
  it.each([
    [
      "the newest open event",
      "DELETE FROM event WHERE id = 14",
      "The ledger ended before event 15",
    ],
    ["an open event", "DELETE FROM event WHERE id = 13", "Event 13 is missing"],
    ["a published event", "DELETE FROM event WHERE id = 2", "Event 2 is missing"],
    [
      "what a trigger takes",
      "CREATE TRIGGER hide AFTER INSERT ON event BEGIN DELETE FROM event; END",
      'The trigger "hide" does not belong',
    ],
    ["the last buffer", "DELETE FROM buffer WHERE id = 2", "There are nodes of a tree 3"],
  ])("answers every request that %s is missing, and closes with it", async (_, sql, place) => {
    ledger = await start(folder.path);
    for (const at of [12, 13, 14]) await log(at);
    edit(sql);
    expect(await post("v1/search", {})).toEqual(damaged(place));
    expect(await post("v1/root", {})).toEqual(damaged(place));
    for (const at of [15, 16]) expect(await log(at)).toEqual(damaged(place));
    expect(told).toHaveLength(4);
    await expect(ledger.close()).rejects.toMatchObject({ code: "ERR_AUTHLOG_LEDGER_DAMAGED" });
  });

  it("goes on where another program wrote and damaged nothing", async () => {
    ledger = await start(folder.path);
    await log(12);
    edit("CREATE TABLE other (id INTEGER); DROP TABLE other");
    expect(await log(13)).toContain(200);
    expect((await post("v1/search", {}))[2]).toBe("Found 14 record(s)");
  });
});
