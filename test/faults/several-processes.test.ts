import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { serveLedger, temporaryFolder } from "../conformance/served-ledger.ts";
import { until } from "../e2e/support/until.ts";
import type { Emitter, EmitterStart } from "./support/emitter-process.ts";
import { nothingWrong } from "./support/oracle.ts";
import { type RecordingReceiver, recordingReceiver } from "./support/recording-receiver.ts";
import { long, patienceMillis, type Scene, seed, setScene } from "./support/scene.ts";

vi.setConfig({ testTimeout: patienceMillis });

const rounds = long ? 15 : 2;
const together = 5;

/** In any order. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

async function startTogether(
  scene: Scene,
  count: number,
  start?: EmitterStart,
): Promise<Emitter[]> {
  const emitters = Array.from({ length: count }, () => scene.load({}, start));
  await Promise.all(emitters.map((emitter) => emitter.said("ready")));
  for (const emitter of emitters) emitter.go();
  await Promise.all(emitters.map((emitter) => emitter.said("counted")));
  return emitters;
}

/** Waits until the receiver has all that was accepted, and ends those that live. */
async function settle(scene: Scene, receiver: RecordingReceiver, living: Emitter[]): Promise<void> {
  receiver.setDown(false);
  await until("all that was accepted to arrive", () =>
    scene.oracle.accepted().every((uid) => receiver.deliveries.has(uid)) ? true : undefined,
  );
  await Promise.all(living.map((emitter) => emitter.drain()));
  await Promise.all(living.map((emitter) => emitter.end()));
}

/** While the receiver is down: several start at once, most are killed, and the next start at once. */
async function killAmongSeveral(scene: Scene, start?: EmitterStart): Promise<Emitter[]> {
  let living: Emitter[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = await startTogether(scene, together, start);
    const [spared, ...victims] = shuffled([...started, ...living], scene.random);
    await Promise.all(victims.map((victim) => victim.kill()));
    living = spared === undefined ? [] : [spared];
  }
  return [...living, ...(await startTogether(scene, together - 1, start))];
}

describe(`several processes on one journal (seed ${seed})`, () => {
  it("take over what the dead left, each lane one of them: nothing is lost, and nothing sent twice", async () => {
    await using receiver = await recordingReceiver();
    const scene = setScene(receiver, { count: 30 });
    receiver.setDown(true);
    const living = await killAmongSeveral(scene);
    await settle(scene, receiver, living);
    expect(receiver.repeated()).toEqual([]);
    expect(scene.left()).toEqual([]);
    const codes = living.flatMap(({ diagnostics }) => diagnostics);
    expect(codes.filter((line) => line.includes("JOURNAL_UNWRITABLE"))).toEqual([]);
    process.stderr.write(
      `${together} at once, ${rounds} rounds: ${receiver.deliveries.size} events, none twice\n`,
    );
  });

  // Who comes first clears away what another is about to read: then nothing is sent twice, by chance.
  it("send it several times where their locks are switched off", { retry: 2 }, async () => {
    await using receiver = await recordingReceiver();
    const scene = setScene(receiver, { count: 30 });
    receiver.setDown(true);
    const preload = [resolve(import.meta.dirname, "support/processes/without-locks.ts")];
    const dead = await startTogether(scene, 3, { preload });
    await Promise.all(dead.map((emitter) => emitter.kill()));
    // Each of these takes over what all of those left.
    const living = await startTogether(scene, 5, { preload });
    receiver.setDown(false);
    const twice = await until("something to arrive twice", () => receiver.repeated()[0]);
    expect(twice).toMatch(/./);
    await Promise.all(living.map((emitter) => emitter.kill()));
  });

  it("take over what one leaves that dies while they live", async () => {
    await using receiver = await recordingReceiver();
    const scene = setScene(receiver, { count: 30 });
    receiver.setDown(true);
    const [victim, ...others] = await startTogether(scene, 4);
    await victim?.kill();
    await settle(scene, receiver, others);
    expect(receiver.repeated()).toEqual([]);
    expect(scene.left()).toEqual([]);
  });

  it("killed at any moment while the ledger takes their events: each stands there once", async () => {
    const folder = temporaryFolder();
    const ledger = await serveLedger(folder.path);
    try {
      const scene = setScene(ledger, { count: 40, goesOn: true });
      const living: Emitter[] = [];
      for (let kill = 0; kill < (long ? 200 : 8); kill += 1) {
        while (living.length < 4) {
          const emitter = scene.load();
          emitter.go();
          living.push(emitter);
        }
        const [victim, ...others] = shuffled(living, scene.random);
        await victim?.said(scene.random() < 0.5 ? "counted" : "delivered");
        await setTimeout(scene.random() * 30);
        await victim?.kill();
        living.splice(0, living.length, ...others);
      }
      await Promise.all(living.map((emitter) => emitter.kill()));
      const last = scene.load({ goesOn: false });
      last.go();
      await last.said("counted");
      await last.drain();
      await last.end();
      const verdict = await scene.oracle.judge(ledger);
      expect(verdict).toMatchObject(nothingWrong);
      expect(scene.left()).toEqual([]);
      process.stderr.write(`Several processes, seed ${seed}: ${JSON.stringify(verdict)}\n`);
    } finally {
      await ledger.stop();
      folder[Symbol.dispose]();
    }
  });
});

const within = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
/** A namespace of pids takes rights that not every machine gives. */
const canUnshare = spawnSync(within[0] ?? "", [...within.slice(1), "true"]).status === 0;

const why = canUnshare ? "" : " (skipped: this machine permits no new pid namespace)";

describe.skipIf(!canUnshare)(`processes of two pid namespaces on one journal${why}`, () => {
  it("leave each other's lanes alone while they live, and take them over when they die", async () => {
    await using receiver = await recordingReceiver();
    const scene = setScene(receiver, { count: 30, adoptionMillis: 100 });
    receiver.setDown(true);
    const [first, second] = [scene.load({}, { within }), scene.load({}, { within })];
    for (const emitter of [first, second]) {
      emitter.go();
      await emitter.said("counted");
    }
    // Each is the first process of its own world. By a pid in a file the other could never be told
    // from oneself; and seen from here, where no such process need exist, both could be taken for dead.
    expect([await first.pid, await second.pid]).toEqual([1, 1]);
    // Whoever comes from a third world, this one, has to find both alive.
    const third = scene.load();
    third.go();
    await third.said("counted");
    await first.kill();
    await settle(scene, receiver, [second, third]);
    expect(receiver.repeated()).toEqual([]);
    expect(receiver.deliveries.size).toBe(90);
    expect(scene.left()).toEqual([]);
  });

  it("send everything several times where their locks are switched off", async () => {
    await using receiver = await recordingReceiver();
    const scene = setScene(receiver, { count: 30, adoptionMillis: 100 });
    receiver.setDown(true);
    const preload = [join(import.meta.dirname, "support/processes/without-locks.ts")];
    const emitters = [1, 2].map(() => scene.load({}, { within, preload }));
    for (const emitter of emitters) {
      emitter.go();
      await emitter.said("counted");
    }
    receiver.setDown(false);
    const twice = await until("something to arrive twice", () => receiver.repeated()[0]);
    expect(twice).toMatch(/./);
    await Promise.all(emitters.map((emitter) => emitter.kill()));
  });
});
