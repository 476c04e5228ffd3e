import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { attributes } from "../../src/vocabulary.ts";

/** A folder for a journal that goes away with the test. */
export function journalFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "authlog-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "journal");
}

/** A record as authlog makes them: the `sequence`th of its producer. */
export function numberedRecord(sequence: number, producerId = "producer"): ReadableLogRecord {
  return {
    hrTime: [1_700_000_000 + sequence, 0],
    eventName: "auth.sign_in",
    severityNumber: 9,
    severityText: "INFO",
    body: "alice@example.com signed in",
    attributes: {
      [attributes.recordUid]: `uid-${sequence}`,
      [attributes.producerId]: producerId,
      [attributes.sequence]: sequence,
      [attributes.userEmail]: "alice@example.com",
    },
    resource: { attributes: { "service.name": "shop" } },
    instrumentationScope: { name: "authlog" },
  };
}

/** Every file of a lane's segments, in order. */
export function segmentFiles(journal: string): string[] {
  return readdirSync(journal, { recursive: true, encoding: "utf8" })
    .filter((path) => /^[0-9a-f-]{36}\/\d{8}-\d{12}\.jsonl$/.test(path))
    .toSorted()
    .map((path) => join(journal, path));
}

/** The lines of a file, without their breaks. */
export function linesOf(file: string): string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}
