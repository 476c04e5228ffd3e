import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished, describe, expect, it } from "vitest";
import { envelope } from "../integration/pangea-receiver.ts";
import type { ClockFigures, ClockOrder } from "./support/clock-sender.ts";

const dayMillis = 86_400_000;

interface Receiver {
  url: string;
  /** Uids of what was taken, and `gap n` for what tells of a gap. */
  taken: Set<string>;
  requests: () => number;
  /** Refuses the next request, until a date two seconds from now. */
  refuseOnce: () => void;
}

async function startReceiver(): Promise<Receiver> {
  const taken = new Set<string>();
  let requests = 0;
  let refuses = false;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests += 1;
      response.setHeader("content-type", "application/json");
      if (refuses) {
        refuses = false;
        response.setHeader("retry-after", new Date(Date.now() + 2000).toUTCString());
        response.writeHead(503).end(envelope("ServiceTemporarilyUnavailable"));
        return;
      }
      const { events } = JSON.parse(Buffer.concat(chunks).toString()) as {
        events: { event: { new: string } }[];
      };
      for (const { event } of events) {
        const values = JSON.parse(event.new) as Record<string, string>;
        const gap = values["authlog.gap.count"];
        taken.add(gap === undefined ? (values["log.record.uid"] ?? "") : `gap ${gap}`);
      }
      response.end(envelope("Success", { results: events.map(() => ({ hash: "0".repeat(64) })) }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    requests: () => requests,
    refuseOnce: () => {
      refuses = true;
    },
  };
}

function startSender(order: Omit<ClockOrder, "dir">): ChildProcess {
  const folder = mkdtempSync(join(tmpdir(), "authlog-clocks-"));
  const full: ClockOrder = { ...order, dir: join(folder, "journal") };
  const child = fork(new URL("support/clock-sender.ts", import.meta.url), [JSON.stringify(full)]);
  onTestFinished(async () => {
    const exit = once(child, "exit");
    if (child.kill("SIGKILL")) await exit;
    rmSync(folder, { recursive: true, force: true });
  });
  return child;
}

const expected = [
  "before",
  "across",
  "adopted",
  "after-0",
  "after-1",
  "after-2",
  "small-0",
  "small-1",
  "gap 3",
];

/** Has a sender's clock jump, and waits for all that it emits, at most so long. */
async function jump(
  jumpMillis: number,
  byWallClock: boolean,
  patienceMillis: number,
): Promise<{ missing: string[]; requests: number; figures: ClockFigures }> {
  const receiver = await startReceiver();
  const sender = startSender({ url: receiver.url, jumpMillis, byWallClock });
  await once(sender, "message");
  receiver.refuseOnce();
  sender.send("jump");
  const missing = (): string[] => expected.filter((uid) => !receiver.taken.has(uid));
  const start = performance.now();
  while (missing().length > 0 && performance.now() - start < patienceMillis) await delay(20);
  sender.send("tell");
  const [figures] = (await once(sender, "message")) as [ClockFigures];
  return { missing: missing(), requests: receiver.requests(), figures };
}

describe.each([
  ["forward", dayMillis],
  ["back", -dayMillis],
])("a clock that jumps a day %s", (_, jumpMillis) => {
  it("stalls nothing, causes no storm, and holds up no sign-in", async () => {
    const { missing, requests, figures } = await jump(jumpMillis, false, 25_000);
    expect(missing).toEqual([]);
    expect(requests).toBeLessThanOrEqual(12);
    for (const times of Object.values(figures.shown)) expect(times).toBeLessThanOrEqual(2);
    expect(figures.longestMillis).toBeLessThan(10_000);
  });
});

describe("timers that go by the clock on the wall", () => {
  it("stall when it jumps back", async () => {
    const { missing } = await jump(-dayMillis, true, 4000);
    expect(missing).toContain("across");
  });
});
