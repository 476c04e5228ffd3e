import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { measureCallerCost } from "./caller-cost.ts";
import { measureDelivery, type Target } from "./delivery.ts";
import { measureImportTime } from "./import-time.ts";
import { type Section, toTable } from "./measure.ts";
import { measureSignIn, subjects } from "./sign-in.ts";

/**
 * `npm run bench`: one table, or `--json`; `npm run bench -- sign-in v4` measures only the sections with
 * these words in their titles. Each section's first row is its baseline, measured in turn
 * with the others. Receivers run in processes of their own, on loopback, and end with this one.
 */
const folder = await mkdtemp(join(tmpdir(), "authlog-bench-"));
const receiver = await startReceiver("null-receiver.ts");
const ledger = await startReceiver("ledger-receiver.ts", join(folder, "ledger.db"));
const sections: Section[] = [];
const wanted = process.argv.slice(2).filter((word) => word !== "--json");

await run("cost of one event to its caller", () => measureCallerCost(receiver.target.url));
await run("delivery to a null receiver", () => measureDelivery(receiver.target, 512, 20_480));
await run("delivery to the ledger, batches of 512", () =>
  measureDelivery(ledger.target, 512, 10_240),
);
await run("delivery to the ledger, batches of 100", () =>
  measureDelivery(ledger.target, 100, 5000),
);
await run("import in a fresh process", measureImportTime);

for (const subject of subjects) {
  // Beside the ledger, a third process on the machine's processors; the null receiver takes next to none.
  for (const [where, { target }] of [
    ["a null receiver", receiver],
    ["the ledger", ledger],
  ] as const) {
    await run(`a sign-in to the example ${subject.name}, with ${where}`, () =>
      measureSignIn(subject, {
        PANGEA_TOKEN: target.token,
        PANGEA_BASE_URL_TEMPLATE: target.url,
      }),
    );
  }
}

await Promise.all([receiver.stop(), ledger.stop()]);
await rm(folder, { recursive: true });
const json = process.argv.includes("--json");
console.log(
  json ? JSON.stringify({ node: process.version, sections }, null, 2) : toTable(sections),
);

async function run(
  title: string,
  measure: () => Promise<Section["figures"] | Omit<Section, "title">>,
): Promise<void> {
  if (!wanted.every((word) => title.includes(word))) return;
  console.error(`measuring: ${title} …`);
  const measured = await measure();
  sections.push({ title, ...(Array.isArray(measured) ? { figures: measured } : measured) });
}

/** A receiver that says on its first line where it listens, and ends when its input does. */
async function startReceiver(
  file: string,
  ...args: string[]
): Promise<{ target: Target; stop: () => Promise<void> }> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [path, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  if (child.stdout === null) throw new Error("The receiver has no output.");
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(() => Promise.reject(new Error(`${file} ended before it listened.`))),
  ])) as [string];
  const { url, token = "pts_bench" } = JSON.parse(line) as Partial<Target>;
  if (url === undefined) throw new Error(`${file} did not say where it listens.`);
  return {
    target: { url, token },
    stop: async () => {
      child.stdin?.end();
      await exited;
    },
  };
}
