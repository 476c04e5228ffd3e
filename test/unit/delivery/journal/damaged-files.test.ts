import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { damagedFiles, keepDamaged } from "../../../../src/delivery/journal/damaged-files.ts";
import { damaged } from "../../../../src/delivery/journal/journal-errors.ts";
import type { Segment } from "../../../../src/delivery/journal/lane-files.ts";
import { journalFolder } from "../../../support/journal.ts";

function segmentIn(journal: string, serial: number): Segment {
  const lane = join(journal, "lane");
  mkdirSync(lane, { recursive: true });
  const path = join(lane, `${serial}.jsonl`);
  writeFileSync(path, "0123456789");
  return { serial, first: 1, path, size: 10 };
}

describe("damaged files", () => {
  it("outlive their lane, and are kept once, whatever else is damaged in them", () => {
    const journal = journalFolder();
    const segment = segmentIn(journal, 1);
    const kept = keepDamaged(journal, segment, 100);
    expect(keepDamaged(journal, segment, 100)).toBe(kept);
    rmSync(segment.path);
    expect(damagedFiles(journal)).toEqual([{ path: kept, bytes: 10 }]);
    expect(readFileSync(kept ?? "", "utf8")).toBe("0123456789");
  });

  it("take no more than they may; then one is not kept, and that is said", () => {
    const journal = journalFolder();
    expect(keepDamaged(journal, segmentIn(journal, 1), 29)).toBeDefined();
    expect(keepDamaged(journal, segmentIn(journal, 2), 29)).toBeDefined();
    const third = segmentIn(journal, 3);
    expect(keepDamaged(journal, third, 29)).toBeUndefined();
    expect(damagedFiles(journal)).toHaveLength(2);
    const damage = { segment: third, offset: 5, kind: "unreadable" } as const;
    const { message, why, fix } = damaged(1, damage, undefined);
    expect(message).toBe("1 audit event of the journal cannot be read or delivered.");
    expect(damaged(2, damage, undefined).message).toMatch(/^2 audit events of /);
    expect(why).toBe(`${third.path} is damaged from byte 5 on.`);
    expect(fix).toContain("could not be kept");
  });

  it("that cannot be kept harm nothing", () => {
    const journal = journalFolder();
    const segment = segmentIn(journal, 1);
    writeFileSync(join(journal, "damaged"), "a file in the place");
    expect(keepDamaged(journal, segment, 100)).toBeUndefined();
  });
});
