/**
 * A process that appends to a journal and prints what became of each record: `A` when it was
 * accepted, `D` when it was on the disk, `C` before it is confirmed.
 *
 * Arguments: the journal's folder, how many records, the durability, a seed, and which system call is
 * left out (`none`, `fdatasync`, `fsync`).
 */
import fs from "node:fs";
import { setImmediate } from "node:timers/promises";
import { Journal } from "../../src/delivery/journal/journal.ts";
import type { Position } from "../../src/delivery/journal/journal-entry.ts";
import { journalDefaults } from "../../src/delivery/journal/journal-options.ts";
import { systemClock } from "../../src/delivery/clock.ts";
import { numberedRecord } from "./numbered-record.ts";
import { seeded } from "./random.ts";

const [, , dir = "", count = "0", durability = "disk", seed = "1", without = "none"] = process.argv;
const random = seeded(Number(seed));
const say = (what: string, n: number): void => void fs.writeSync(1, `${what}${n}\n`);

const leftOut = ((_descriptor: number, callback: (error: null) => void): void => {
  process.nextTick(callback, null);
}) as typeof fs.fsync;
const files = {
  ...fs,
  fdatasync: without === "fdatasync" ? leftOut : fs.fdatasync,
  fsync: without === "fsync" ? leftOut : fs.fsync,
};

const journal = new Journal(
  { ...journalDefaults, dir },
  durability === "disk" ? "disk" : "process",
  {
    clock: systemClock,
    onChange: () => {},
    onGone: () => {},
    files,
    tuning: { segmentBytes: 4000 },
  },
);
journal.start();

const onDisk: [number, Position][] = [];
function confirm(some: number): void {
  const confirmed = onDisk.splice(0, some);
  for (const [n] of confirmed) say("C", n);
  journal.confirm(confirmed.map(([, where]) => where));
}

const waits: Promise<void>[] = [];
for (let n = 1; n <= Number(count); n += 1) {
  const appended = journal.append(numberedRecord(n), "could", 1);
  if (appended.status !== "kept") throw new Error(appended.status);
  say("A", n);
  const { position } = appended;
  const settled = (): void => {
    if (durability === "disk") say("D", n);
    onDisk.push([n, position]);
  };
  if (durability === "disk") waits.push(journal.onDisk().then(settled));
  else settled();
  // Bursts, and pauses in which syncs begin and end.
  for (let pause = Math.floor(random() * 4); pause > 0; pause -= 1) await setImmediate();
  if (random() < 0.1) confirm(Math.floor(onDisk.length * random()));
}
await Promise.all(waits);
// In several parts, so that some of it goes while there is more.
while (onDisk.length > 0) {
  confirm(Math.ceil(onDisk.length / 2));
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}
journal.close();
say("E", 0);
process.exit();
