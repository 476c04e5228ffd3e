import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectorProgram, startCollector } from "../support/collector.ts";
import { FormClient } from "./support/form-client.ts";
import {
  destination,
  type InstalledApp,
  newApp,
  packed,
  temporaryRoom,
} from "./support/installed-app.ts";
import {
  type Major,
  nextAuth4,
  nextAuth5,
  ownPackages,
  settings,
  versionsOf,
} from "./support/new-app-files.ts";
import { arrivedEvents, provenEvents } from "./support/proven-events.ts";
import { readmeInstall, readmeRecipe } from "./support/readme.ts";
import { newTrace } from "./support/trace.ts";

let room: ReturnType<typeof temporaryRoom>;
let tarball: string;

beforeAll(async () => {
  room = temporaryRoom();
  tarball = await packed(room.path);
});
afterAll(() => room[Symbol.dispose]());

/** Each recipe, in an app that Next.js builds ahead as far as it can, and puts together to be moved. */
const recipes: readonly { recipe: string; major: Major; traced: boolean; collected: boolean }[] = [
  { recipe: "NodeSDK", major: nextAuth5, traced: true, collected: true },
  { recipe: "@vercel/otel", major: nextAuth4, traced: true, collected: false },
  { recipe: "LoggerProvider", major: nextAuth5, traced: false, collected: false },
];

describe.each(recipes)(
  "the README's recipe for $recipe, with $major.name, cacheComponents and output standalone",
  ({ recipe, major, traced, collected }) => {
    let app: InstalledApp;

    beforeAll(async () => {
      app = await appWith(major, `recipe-${recipes.findIndex((one) => one.recipe === recipe)}`);
      const { shell, files } = readmeRecipe(recipe);
      await app.shell(shell);
      app.write(files);
      await app.build();
    });

    it("runs in another place: its events arrive, and its spans' ids and the collector's copy with them", async () => {
      await using ledger = await app.serve();
      await using collector =
        collectorProgram === undefined ? undefined : await startCollector(collectorProgram);
      await using running = await app.startElsewhere({
        ...settings,
        ...destination(ledger),
        ...(collector && { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }),
      });
      const trace = newTrace();
      await new FormClient(running.url).signIn("ada@example.com", "wrong", trace.headers);
      const [event] = await arrivedEvents(ledger, 'action:"auth.sign_in"');
      expect(event).toMatchObject({
        status: "failure:invalid_credentials",
        details: { trace_id: trace.traceId },
      });
      expect(event?.details["authlog.trace.remote"]).toBe(traced ? undefined : true);
      expect(running.output()).not.toContain("ERR_AUTHLOG");
      if (!collected || collector === undefined) return;
      const [record] = await collector.records(1);
      expect(record?.attributes["log.record.uid"]).toBe(event?.details["log.record.uid"]);
    });
  },
);

describe("the two edits alone, with output standalone", () => {
  it(
    "run in another place; what is missing for the collector is said once, with the way to add it",
    { timeout: 300_000 },
    async () => {
      const app = await appWith(nextAuth5, "edits-alone");
      await app.build();
      await using ledger = await app.serve();
      await using running = await app.startElsewhere({
        ...settings,
        ...destination(ledger),
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      });
      await new FormClient(running.url).signIn("ada@example.com", "wrong");
      await arrivedEvents(ledger, 'action:"auth.sign_in"');
      expect((await provenEvents(ledger)).map(({ status }) => status)).toEqual([
        "failure:invalid_credentials",
      ]);
      expect(running.output().match(/ERR_AUTHLOG\w+/g)).toEqual(["ERR_AUTHLOG_SETUP_FAILED"]);
      expect(running.output()).toMatch(
        /OTEL_\* variable.*@opentelemetry\/sdk-node is not found.*\n.*README's recipe/,
      );
    },
  );
});

/** An app with the files that its reader had before, the README's install line and its two edits. */
async function appWith(major: Major, name: string): Promise<InstalledApp> {
  const app = newApp(room.path, name);
  const versions = { ...versionsOf("package.json"), ...major.versions };
  await app.install(...ownPackages.map((own) => `${own}@${versions[own]}`));
  app.write({
    ...major.files,
    "next.config.ts": 'export default { output: "standalone", cacheComponents: true };\n',
  });
  await app.shell(readmeInstall(tarball));
  return app;
}
