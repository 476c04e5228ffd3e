import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureDelivery, type Target } from "./delivery.ts";
import { measureImportTime } from "./import-time.ts";
import { measureDisk } from "./journal.ts";
import { type Section, toTable } from "./measure.ts";
import { measureAppStart, measureBareStart } from "./register.ts";
import { createReceivers } from "./receivers.ts";
import { measureSignIn } from "./sign-in.ts";

/**
 * `npm run bench`: a table for each, or `--json`; `npm run bench -- delivery ledger` runs two of them. Each
 * section's first row is its baseline, measured in turn with the others. Receivers run in processes
 * of their own, on loopback, and end with this one.
 */
const benches: Readonly<Record<string, () => Promise<Section[]>>> = {
  journal: async () => {
    const { throughput, latency, pacedLatency } = await measureDisk();
    return [
      { title: "sign-ins that do nothing but wait for the disk, 100 at once", figures: throughput },
      { title: "the same, how long each waits", figures: latency },
      {
        title: "100 at once, each 10 ms after its last, how long each waits",
        figures: pacedLatency,
      },
    ];
  },
  delivery: async () => [
    {
      title: "delivery to a null receiver, batches of 512",
      figures: await measureDelivery(await receivers.null(), 512, 20_480, { otlp: true }),
    },
  ],
  ledger: async () => [
    {
      title: "delivery to the ledger, batches of 100",
      figures: await measureDelivery(await receivers.ledger(), 100, 10_000),
    },
    {
      title: "delivery to the ledger, batches of 512",
      figures: await measureDelivery(await receivers.ledger(), 512, 10_240),
    },
  ],
  "import-time": async () => [
    { title: "import in a fresh process", figures: await measureImportTime() },
  ],
  register: async () => [
    { title: "start of a bare Node", figures: await measureBareStart() },
    {
      title: "start of the example with next-auth 5, and a request that signs nobody in",
      figures: await measureAppStart(settingsFor(await receivers.null())),
    },
  ],
  "sign-in": async () => measureSignIn(await receivers.null(), await receivers.hanging()),
};

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
});
const wanted = positionals.length === 0 ? Object.keys(benches) : positionals;
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0)
  throw new Error(`No bench is called ${unknown.join(", ")}: ${Object.keys(benches).join(", ")}.`);

const folder = await mkdtemp(join(tmpdir(), "authlog-bench-"));
const receivers = createReceivers(folder);
const sections: Section[] = [];
for (const name of wanted) {
  console.error(`measuring: ${name} …`);
  const measured = (await benches[name]?.()) ?? [];
  sections.push(...measured);
  if (!values.json) console.log(`${toTable(measured)}\n`);
}
await receivers.stop();
await rm(folder, { recursive: true });
if (values.json) console.log(JSON.stringify({ node: process.version, sections }, null, 2));

function settingsFor({ url, token }: Target): Record<string, string> {
  return { PANGEA_TOKEN: token, PANGEA_BASE_URL_TEMPLATE: url };
}
