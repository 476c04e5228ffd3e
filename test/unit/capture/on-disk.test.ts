import fs from "node:fs";
import Credentials from "@auth/core/providers/credentials";
import { expect, it, vi } from "vitest";
import { withAudit } from "../../../src/capture/with-audit.ts";
import { AuditLogRecordProcessor } from "../../../src/delivery/audit-log-record-processor.ts";
import { getSlot } from "../../../src/slot.ts";
import { createApp } from "../../support/auth-js.ts";
import { createClock, createExporter } from "../../support/delivery.ts";
import { journalFolder, linesOf, segmentFiles } from "../../support/journal.ts";
import { watchSlot } from "../../support/slot.ts";

watchSlot();

const providers = [
  Credentials({ authorize: ({ password }) => (password === "right" ? { id: "7" } : null) }),
];

/** A processor whose disk stores nothing until the test lets it. */
function createStuckDisk(durability: "disk" | "process"): { dir: string; letGo: () => void } {
  const held: (() => void)[] = [];
  let stuck = true;
  const fdatasync = ((descriptor: number, callback: () => void) => {
    if (stuck) held.push(callback);
    else fs.fdatasync(descriptor, callback);
  }) as typeof fs.fdatasync;
  const dir = journalFolder();
  const processor = new AuditLogRecordProcessor(
    { exporter: createExporter(), durability, journal: { dir } },
    { clock: createClock(), files: { ...fs, fdatasync } },
  );
  getSlot().sink = (record) => processor.take(record);
  return {
    dir,
    letGo() {
      stuck = false;
      for (const callback of held.splice(0)) callback();
    },
  };
}

/** Whether a promise is settled once everything that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  return settled;
}

const entriesIn = (dir: string): number =>
  segmentFiles(dir).reduce((sum, file) => sum + linesOf(file).length, 0);

it.each(["right", "wrong"])(
  "at `disk`, the answer to a %s password waits until its event is stored",
  async (password) => {
    const { dir, letGo } = createStuckDisk("disk");
    const answer = createApp({ providers }).post("callback/credentials", { password });
    await vi.waitFor(() => expect(entriesIn(dir)).toBe(1));
    expect(await isSettled(answer)).toBe(false);
    letGo();
    expect((await answer).status).toBe(302);
  },
);

it("at `disk`, so does the answer of an action of the app's own", async () => {
  const { letGo } = createStuckDisk("disk");
  const refund = withAudit(() => Promise.resolve("done"), { name: "billing.refund" });
  const answer = refund();
  expect(await isSettled(answer)).toBe(false);
  letGo();
  expect(await answer).toBe("done");
});

it("at `process`, nobody waits for the disk, and the event is with the kernel", async () => {
  const { dir } = createStuckDisk("process");
  const answer = await createApp({ providers }).post("callback/credentials", { password: "right" });
  expect(answer.status).toBe(302);
  expect(entriesIn(dir)).toBe(1);
});
