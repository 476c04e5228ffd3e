import { expect, it } from "vitest";
import { deadLetterFile } from "../../src/delivery/dead-letter.ts";
import { encodeEntry } from "../../src/delivery/journal/entry-line.ts";
import { AuthlogError } from "../../src/errors.ts";
import { collectorProgram, startCollector } from "../support/collector.ts";
import { journalFolder, linesOf, numberedRecord } from "../support/journal.ts";

const record = {
  ...numberedRecord(7),
  spanContext: {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    traceFlags: 1,
  },
};

const expected = {
  eventName: "auth.sign_in",
  timeUnixNano: 1_700_000_007_000_000_000n,
  attributes: record.attributes,
  resource: { "service.name": "shop" },
  scope: "authlog",
  traceId: record.spanContext.traceId,
  spanId: record.spanContext.spanId,
};

async function letter(): Promise<string> {
  const path = `${journalFolder()}/letters.jsonl`;
  const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
    message: "m",
    why: "w",
    fix: "f",
  });
  const letters = deadLetterFile({ path });
  letters.write([{ record, cause }]);
  await letters.onDisk?.();
  return linesOf(path)[0] ?? "";
}

// What a collector's receiver for OTLP/JSON files does with a line: this one takes it by HTTP.
it.skipIf(collectorProgram === undefined).each([
  ["an entry of the journal", async () => encodeEntry({ number: 1, record }).toString()],
  ["a dead letter", letter],
])("%s is OTLP/JSON to a real collector", async (_, lineOf) => {
  await using collector = await startCollector(collectorProgram ?? "");
  const response = await fetch(`${collector.url}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: await lineOf(),
  });
  expect(response.status).toBe(200);
  expect(await collector.records(1)).toMatchObject([expected]);
});
