import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readJournal } from "../../../../src/cli/doctor/read-journal.ts";
import { resolveConfig } from "../../../../src/setup/config.ts";
import { retry, write } from "../../../support/letters.ts";

it("what the doctor finds has the dead letters that a retry is sending, or left when it was killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "authlog-read-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "letters.jsonl");
  const found = (): number =>
    readJournal(folder, resolveConfig({ deadLetterPath: path }, {})).deadLetters;
  await write(path, 1, 30);
  const killed = retry(path, (numbers) => {
    if (!numbers.includes(11)) return { status: "delivered" };
    expect(found()).toBe(20);
    throw new Error("killed");
  });
  await expect(killed).rejects.toThrow("killed");
  await write(path, 31, 32);
  expect(found()).toBe(22);
});
