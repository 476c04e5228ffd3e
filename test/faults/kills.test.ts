import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Durability } from "../../src/delivery/journal/journal-options.ts";
import { serveLedger, type ServedLedger, temporaryFolder } from "../conformance/served-ledger.ts";
import type { Emitter } from "./support/emitter-process.ts";
import { nothingWrong } from "./support/oracle.ts";
import { long, patienceMillis, type Scene, seed, setScene } from "./support/scene.ts";

vi.setConfig({ testTimeout: patienceMillis });

let folder: ReturnType<typeof temporaryFolder>;
let ledger: ServedLedger;
beforeEach(async () => {
  folder = temporaryFolder();
  ledger = await serveLedger(folder.path);
});
afterEach(async () => {
  await ledger.stop();
  folder[Symbol.dispose]();
});

/** Processes that load while another is at work: the next one begins the moment that it is killed. */
const loading = 3;

/** When a process is killed: at its start, after so many records, or after so many deliveries. */
const moments = ["ready", "counted", "counted", "delivered", "delivered"] as const;

/**
 * Has one process after another emit through one journal, and kills each: some while they start and
 * take over what the one before has left, most in the middle of emitting, sending and confirming.
 */
async function killOneAfterAnother(scene: Scene, kills: number): Promise<void> {
  const load = (): Emitter => scene.load({ count: 1 + Math.floor(scene.random() * 150) });
  const loaded = Array.from({ length: loading }, load);
  for (let kill = 0; kill < kills; kill += 1) {
    const victim = loaded.shift();
    if (victim === undefined) throw new Error("There is always one that loads.");
    loaded.push(load());
    await victim.said("ready");
    victim.go();
    await victim.said(moments[Math.floor(scene.random() * moments.length)] ?? "ready");
    await setTimeout(scene.random() * 30);
    await victim.kill();
  }
  await Promise.all(loaded.map((emitter) => emitter.kill()));
}

const underLoad = { goesOn: true } as const;

describe("SIGKILL at any moment of a process under load", () => {
  const kills = Number(process.env["TEST_AUTHLOG_KILLS"] ?? (long ? 1000 : 50));

  it(`of ${kills}, one after another on one journal: what was accepted is there once (seed ${seed})`, async () => {
    const scene = setScene(ledger, underLoad);
    await killOneAfterAnother(scene, kills);
    await using last = scene.load({ goesOn: false, count: 20 });
    last.go();
    await last.said("counted");
    await last.drain();
    expect(await last.end()).toBe(0);

    const verdict = await scene.oracle.judge(ledger);
    expect(verdict).toMatchObject(nothingWrong);
    // What came after the last kill is there too, and it was a load.
    expect(verdict.accepted).toBeGreaterThan(kills * 20);
    expect(scene.left()).toEqual([]);
    process.stderr.write(`${kills} kills, seed ${seed}: ${JSON.stringify(verdict)}\n`);
  });

  it("loses events where the journal is switched off", async () => {
    const durability: Durability = "memory";
    const scene = setScene(ledger, { ...underLoad, durability });
    await killOneAfterAnother(scene, 5);
    const { lost, ...rest } = await scene.oracle.judge(ledger);
    expect(lost.length).toBeGreaterThan(0);
    expect(rest).toMatchObject({ doubled: [], foreign: [], altered: [] });
  });
});
