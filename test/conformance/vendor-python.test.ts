import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import { fillLedger, writeSigningKey } from "./filled-ledger.ts";
import { temporaryFolder } from "./served-ledger.ts";
import { hasPython, pythonVerifier, type Verifier } from "./vendor-sdks.ts";

/** Verdicts of the SDK on one record, in its own words. */
interface Verdicts {
  readonly message: string;
  readonly signature: string;
  readonly membership: string;
  readonly consistency: string;
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe.skipIf(!hasPython)(
  "Pangea's Python SDK and its tools (where there is Python), unmodified, against a ledger",
  () => {
    const folder = temporaryFolder();
    let verify: Verifier;
    let ledger: RunningLedger;
    beforeAll(async () => {
      ledger = await fillLedger(folder.path);
      verify = await pythonVerifier();
    }, 300_000);
    afterAll(async () => {
      await ledger.close();
      folder[Symbol.dispose]();
    });

    const open = async (name: string): Promise<RunningLedger> => {
      const other = await startLedger({ path: join(folder.path, name), port: 0 });
      onTestFinished(other.close);
      return other;
    };

    it("verify hash, signature, membership and consistency of each event of the exporter's", async () => {
      const records = await verify<Verdicts[]>(ledger, "search", "");
      const column = (name: keyof Verdicts): string[] =>
        records.map((record) => record[name]).toReversed();
      expect(column("membership")).toEqual(times(22, "pass"));
      expect(column("signature")).toEqual([...times(11, "pass"), ...times(11, "none")]);
      // The last two are not published.
      expect(column("consistency")).toEqual([...times(20, "pass"), ...times(2, "none")]);
    });

    it("verify the events that they log themselves, and how the open tree grew", async () => {
      const empty = await open("empty.db");
      const keyFile = await writeSigningKey(folder.path);
      const passed = { signature: "pass", membership: "pass" };
      expect(await verify(empty, "log", keyFile, "3")).toMatchObject([
        { ...passed, consistency: "none" },
        { ...passed, consistency: "pass" },
        { ...passed, consistency: "pass" },
      ]);
    });

    it("verify a saved search offline", async () => {
      const response = await fetch(`${ledger.url}/v1/search`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${ledger.readToken}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ limit: 1_000 }),
      });
      const path = join(folder.path, "search.json");
      await writeFile(path, await response.text());
      expect(await verify(ledger, "offline", path)).toEqual(times(22, "succeeded"));
    });

    it("dump 25,003 events of bulk requests as 25,003 lines, and find nothing amiss in them", async () => {
      const messages = Array.from({ length: 25_003 }, (_, at) => `event ${at}`);
      const filled = await startLedger({ path: join(folder.path, "large.db"), port: 0 });
      for (let first = 0; first < messages.length; first += 1_000) {
        const some = messages.slice(first, first + 1_000);
        const response = await fetch(`${filled.url}/v2/log`, {
          method: "POST",
          headers: { authorization: `Bearer ${filled.token}`, "content-type": "application/json" },
          body: JSON.stringify({ events: some.map((message) => ({ event: { message } })) }),
        });
        expect(response.status).toBe(200);
      }
      // Which publishes what is open.
      await filled.close();
      const path = join(folder.path, "dump.jsonl");
      expect(await verify(await open("large.db"), "dump", path)).toEqual({
        hash: 0,
        membership_proof: 0,
        buffer_missing: 0,
        missing: 0,
        not_persisted: 0,
        wrong_buffer: 0,
      });
      const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
      expect(lines.map(messageOf)).toEqual(messages);
    }, 120_000);
  },
);

function messageOf(line: string): string {
  return (JSON.parse(line) as { envelope: { event: { message: string } } }).envelope.event.message;
}
