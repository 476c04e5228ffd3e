import { DatabaseSync } from "node:sqlite";
import { Damage } from "../damage.ts";
import { prepareHead } from "./head.ts";
import { publishedTree } from "./trees.ts";

/**
 * Checks that the database has the tables and indexes of a ledger, and nothing more: a trigger
 * could undo what is appended, an index of another make could hide it.
 *
 * @throws Damage naming what is missing, changed or too much
 */
export function assertSchema(db: DatabaseSync, statements: string): void {
  const pattern = new DatabaseSync(":memory:");
  pattern.exec(statements);
  const expected = objectsOf(pattern);
  pattern.close();
  const found = objectsOf(db);
  for (const [name, sql] of found) {
    if (!expected.has(name)) throw new Damage(`The ${name} does not belong to a ledger.`);
    if (expected.get(name) !== sql) throw new Damage(`The ${name} is not the ledger's own.`);
  }
  for (const name of expected.keys()) {
    if (!found.has(name)) throw new Damage(`The ${name} is missing.`);
  }
}

function objectsOf(db: DatabaseSync): Map<string, unknown> {
  const objects = db.prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL");
  const own = objects.all().filter(({ name }) => !String(name).startsWith("sqlite_"));
  return new Map(own.map(({ type, name, sql }) => [`${type} ${JSON.stringify(name)}`, sql]));
}

/**
 * Checks what the rows claim of one another: that the events are numbered without a hole, that the
 * buffers continue one another and end within the events, that the trees at the ledger's end have
 * the nodes of their sizes. It counts and looks up, and hashes nothing, so that a large ledger opens
 * fast.
 *
 * An older state of the whole file, and a tree that was computed anew after an edit, contradict
 * nothing in the file: only a root that was kept elsewhere tells of these.
 *
 * @throws Damage with the first contradiction and its place
 */
export function assertWhole(db: DatabaseSync): void {
  const names = db.prepare("SELECT count(*) AS n FROM ledger").get();
  if (names?.["n"] !== 1) throw new Damage("The ledger's name is missing, or stands there twice.");
  assertEvents(db);
  assertBuffers(db);
  assertNodes(db);
}

function assertEvents(db: DatabaseSync): void {
  // Apart from each other, each is answered by an index; together they would be a scan.
  const { n } = db.prepare("SELECT count(*) AS n FROM event").get() ?? {};
  const { first } = db.prepare("SELECT min(id) AS first FROM event").get() ?? {};
  const { last } = db.prepare("SELECT max(id) AS last FROM event").get() ?? {};
  if (n === 0 || (first === 0 && Number(last) === Number(n) - 1)) return;
  if (Number(first) < 0) throw new Damage(`Event ${first} has a number that no event can have.`);
  const hole = db.prepare(
    `SELECT id + 1 AS start FROM event AS e
     WHERE NOT EXISTS (SELECT 1 FROM event WHERE id = e.id + 1) ORDER BY id LIMIT 1`,
  );
  const start = first === 0 ? Number(hole.get()?.["start"]) : 0;
  const after = db.prepare("SELECT min(id) AS id FROM event WHERE id >= ?").get(start);
  throw missingEvents(start, Number(after?.["id"]) - 1, "later ones are there");
}

function assertBuffers(db: DatabaseSync): void {
  const fault = db.prepare(
    `SELECT b.id, b.id > 0 AND p.id IS NULL AS lost FROM buffer AS b
     LEFT JOIN buffer AS p ON p.id = b.id - 1
     WHERE b.id < 0 OR b.size < 1 OR (b.id > 0 AND p.id IS NULL)
        OR b.first_event <> coalesce(p.first_event + p.size, 0)
     ORDER BY b.id LIMIT 1`,
  );
  const row = fault.get();
  if (row !== undefined) {
    const place = `Buffer ${row["id"]}`;
    throw row["lost"] === 1
      ? new Damage(`Buffer ${Number(row["id"]) - 1} is missing: later ones are there.`)
      : new Damage(`${place} does not begin where the one before it ends, or is empty.`);
  }
  const { buffer, firstEvent, size } = prepareHead(db)();
  if (size < 0)
    throw missingEvents(firstEvent + size, firstEvent - 1, `buffer ${buffer - 1} holds them`);
}

function assertNodes(db: DatabaseSync): void {
  const { buffer, size } = prepareHead(db)();
  const { first } = db.prepare("SELECT min(tree) AS first FROM node").get() ?? {};
  const { last } = db.prepare("SELECT max(tree) AS last FROM node").get() ?? {};
  if (first !== null && (Number(first) < publishedTree || Number(last) > buffer)) {
    const tree = Number(first) < publishedTree ? first : last;
    throw new Damage(`There are nodes of a tree ${tree}, and the last buffer is ${buffer}.`);
  }
  const lastNode = db.prepare("SELECT max(idx) AS idx FROM node WHERE tree = ? AND level = ?");
  const top = db.prepare("SELECT max(level) AS level FROM node WHERE tree = ?");
  // Only these two still grow. A node that is missing elsewhere is found when a proof needs it.
  for (const [tree, leaves, what] of [
    [publishedTree, buffer, "buffers"],
    [buffer, size, "unpublished events"],
  ] as const) {
    const height = Math.floor(Math.log2(Math.max(leaves, 1)));
    const levels = Math.max(height, Number(top.get(tree)?.["level"] ?? 0));
    for (let level = 1; level <= levels; level += 1) {
      const nodes = Number(lastNode.get(tree, level)?.["idx"] ?? -1) + 1;
      if (nodes === Math.floor(leaves / 2 ** level)) continue;
      throw new Damage(
        `The tree of ${what} has ${nodes} nodes on level ${level}, which does not fit ${leaves} ${what}.`,
      );
    }
  }
}

function missingEvents(from: number, to: number, how: string): Damage {
  const which = from === to ? `Event ${from} is` : `Events ${from} to ${to} are`;
  return new Damage(`${which} missing: ${how}.`);
}
