import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../../src/cli/run.ts";
import { journalFolder, numberedRecord, segmentFiles } from "../../support/journal.ts";
import { openJournal } from "../../support/recovery.ts";
import { watchSlot } from "../../support/slot.ts";
import { terminal } from "./recorded-terminal.ts";

watchSlot();

it("authlog journal names what cannot be taken over, beside all else, and exits with 1", async () => {
  const dir = journalFolder();
  const { journal } = openJournal(dir);
  journal.append(numberedRecord(1), "no", 1);
  journal.close();
  const odd = join(dir, "01980000-0000-7000-8000-000000000000");
  mkdirSync(join(odd, "lock"), { recursive: true });
  const [shown, json] = [terminal(), terminal()];
  expect(await run(["journal", "--dir", dir], shown)).toBe(1);
  expect(shown.lines.join("\n")).toContain(`cannot be read or taken over (EFTYPE): ${odd}`);
  expect(shown.lines.join("\n")).toContain(dirname(segmentFiles(dir)[0] ?? "").slice(-36));
  expect(await run(["journal", "--dir", dir, "--json"], json)).toBe(1);
  expect(JSON.parse(json.lines.join(""))).toMatchObject({
    unread: [{ path: odd, reason: "EFTYPE" }],
    total: { depth: 1 },
  });
});
