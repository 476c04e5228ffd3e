/**
 * A process whose disk fails: takes half of the events, says so, waits for a line, takes the rest,
 * waits until all of them stand in the journal, says what it saw, and dies at once.
 *
 * One argument, as JSON: {@link FailingDisk}.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { AuditLogRecordProcessor } from "../../src/delivery/audit-log-record-processor.ts";
import { systemClock } from "../../src/delivery/clock.ts";
import type { Durability } from "../../src/delivery/journal/journal-options.ts";
import { AuthlogError } from "../../src/errors.ts";
import { getSlot } from "../../src/slot.ts";
import { numberedRecord } from "./numbered-record.ts";

export interface FailingDisk {
  dir: string;
  count: number;
  durability: Durability;
  /** Whose rights the process has. */
  uid?: number;
  /** A command that mends the disk, where only this process can. */
  mend?: string[];
}

/** What the process saw. */
export interface Seen {
  codes: string[];
  /** Of one `emit`, in milliseconds. */
  slowestMillis: number;
  depth: number;
  dropped: number;
}

const { dir, count, durability, uid, mend } = JSON.parse(process.argv[2] ?? "") as FailingDisk;
if (uid !== undefined) process.setuid?.(uid);

const codes = new Set<string>();
getSlot().onDiagnostic = ({ code }) => codes.add(code);

const down = new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", {
  message: "The receiver is down.",
  why: "It is down.",
  fix: "Wait.",
});
const processor = new AuditLogRecordProcessor(
  {
    exporter: {
      deliver: () => Promise.resolve({ status: "retryable", cause: down }),
      export: () => {},
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
    durability,
    journal: { dir },
  },
  { clock: systemClock, tuning: { adoptionMillis: 200 } },
);

let slowestMillis = 0;

async function take(from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) {
    const {
      eventName = "",
      severityNumber = 0,
      severityText = "",
      body,
      attributes,
    } = numberedRecord(n);
    const start = performance.now();
    processor.take({
      ...{ eventName, severityNumber, severityText, body: String(body) },
      timeUnixMillis: (1_700_000_000 + n) * 1000,
      attributes: attributes as Record<string, string>,
    });
    slowestMillis = Math.max(slowestMillis, performance.now() - start);
    if (durability === "disk") await processor.onDisk(5000);
    else await setImmediate();
  }
}

function inJournal(): number {
  try {
    const lines = readdirSync(dir, { recursive: true, encoding: "utf8" })
      .filter((name) => /\d{8}-\d{12}\.jsonl$/.test(name) && !name.startsWith("damaged"))
      .flatMap((name) => readFileSync(join(dir, name), "utf8").split("\n").slice(0, -1));
    return new Set(lines.map((line) => /"uid-\d+"/.exec(line)?.[0])).size;
  } catch {
    return 0;
  }
}

await take(1, count / 2);
process.stdout.write("half\n");
await once(process.stdin, "data");
if (mend !== undefined) spawnSync(mend[0] ?? "", mend.slice(1), { stdio: "inherit" });
await take(count / 2 + 1, count);
// What waits in memory is put on the disk when it is tried again: after a second, and later.
for (
  let waited = 0;
  durability !== "memory" && inJournal() < count && waited < 20_000;
  waited += 50
)
  await setTimeout(50);
if (durability === "disk") await processor.onDisk(5000);
const { depth, dropped } = processor;
const seen: Seen = { codes: [...codes], slowestMillis, depth, dropped };
process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.kill(process.pid, "SIGKILL"));
