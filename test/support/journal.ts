import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export { numberedRecord } from "./numbered-record.ts";

/** A folder for a journal that goes away with the test. */
export function journalFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "authlog-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "journal");
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
