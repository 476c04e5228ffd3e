import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutageReceipt } from "./outage-receiver.ts";
import type { OutageFigures, OutageOrder } from "./outage-sender.ts";

export interface Outage {
  figures: OutageFigures;
  receipt: OutageReceipt;
}

/** A sender that emits through an hour without its receiver, each in a process of its own. */
export async function sufferOutage(
  order: Pick<OutageOrder, "durability" | "events" | "seed">,
): Promise<Outage> {
  const folder = mkdtempSync(join(tmpdir(), "authlog-outage-"));
  const receiver = start("outage-receiver.ts", []);
  let sender: ChildProcess | undefined;
  try {
    const url = String(await message(receiver));
    const full: OutageOrder = { ...order, url, dir: join(folder, "journal") };
    sender = start("outage-sender.ts", [JSON.stringify(full)]);
    for (;;) {
      const said = await message(sender);
      if (typeof said !== "string") {
        const receipt = (await ask(receiver, "tell")) as OutageReceipt;
        return { figures: said as OutageFigures, receipt };
      }
      await ask(receiver, said);
      sender.send("done");
    }
  } finally {
    for (const child of [sender, receiver]) {
      if (child === undefined || child.exitCode !== null) continue;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(file: string, args: string[]): ChildProcess {
  return fork(new URL(file, import.meta.url), args, { execArgv: ["--expose-gc"] });
}

async function message(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`A process of the outage ended early, with ${String(code)}.`);
  });
  const [said] = await Promise.race([once(child, "message"), ended]);
  return said;
}

function ask(child: ChildProcess, order: string): Promise<unknown> {
  const answer = message(child);
  child.send(order);
  return answer;
}
