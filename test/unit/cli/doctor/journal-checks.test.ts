import { describe, expect, it } from "vitest";
import type { Check } from "../../../../src/cli/doctor/check.ts";
import { journalChecks } from "../../../../src/cli/doctor/journal-checks.ts";
import type { JournalFinding } from "../../../../src/cli/doctor/read-journal.ts";
import type { LaneSummary } from "../../../../src/delivery/journal/journal-view.ts";
import type { Durability } from "../../../../src/delivery/journal/journal-options.ts";

const now = 1_700_000_000_000;

const lane = (overrides: Partial<LaneSummary> = {}): LaneSummary => ({
  id: "019ab000-0000-7000-8000-000000000000",
  owner: "living",
  segments: 1,
  bytes: 1_000,
  depth: 0,
  oldestUnixMillis: undefined,
  confirmedUnixMillis: undefined,
  ...overrides,
});

const finding = (only: LaneSummary, overrides: Partial<JournalFinding> = {}): JournalFinding => ({
  dir: "/app/.authlog/journal",
  summary: { dir: "/app/.authlog/journal", lanes: [only], unread: [], damaged: [], total: only },
  deadLetterPath: "/app/.authlog/dead-letter.jsonl",
  deadLetters: 0,
  ...overrides,
});

function checks(
  found: JournalFinding,
  durability: Durability = "process",
  production = true,
): Check[] {
  const setting = { value: durability, source: "default" } as const;
  return journalChecks(found, { durability: setting, production }, now);
}

const odd = (found: readonly Check[]): Record<string, string> =>
  Object.fromEntries(
    found.filter(({ status }) => status !== "ok").map(({ id, status }) => [id, status]),
  );

describe("what the doctor says of the journal", () => {
  it.each([
    [
      1,
      ["1 event of ended processes waits for another process.", "1 record was refused for good."],
    ],
    [
      2,
      ["2 events of ended processes wait for another process.", "2 records were refused for good."],
    ],
  ])("counts %d as people do", (count, said) => {
    const left = lane({ depth: count, owner: "none", oldestUnixMillis: now });
    const found = checks(finding(left, { deadLetters: count })).map(({ what }) => what);
    expect(found).toEqual(expect.arrayContaining(said));
  });

  it("is in order where nothing waits, or not for long", () => {
    expect(odd(checks(finding(lane())))).toEqual({});
    const waiting = lane({ depth: 3, oldestUnixMillis: now - 60_000 });
    const found = checks(finding(waiting));
    expect(odd(found)).toEqual({});
    expect(found.map(({ what }) => what)).toContain("3 events wait, the oldest for 1 min.");
  });

  it.each<[string, JournalFinding, Record<string, string>]>([
    [
      "events that wait for long",
      finding(lane({ depth: 1, oldestUnixMillis: now - 7_200_000, confirmedUnixMillis: now })),
      { "journal.backlog": "warn" },
    ],
    [
      "events that no process delivers",
      finding(lane({ depth: 1, owner: "none", oldestUnixMillis: now })),
      { "journal.owners": "warn" },
    ],
    ["a network file system", finding(lane(), { network: "NFS" }), { "journal.folder": "fail" }],
    [
      "a folder that cannot be written",
      finding(lane(), { unwritable: "EACCES" }),
      { "journal.folder": "fail" },
    ],
    ["dead letters", finding(lane(), { deadLetters: 2 }), { "journal.dead-letters": "warn" }],
    [
      "damaged files",
      finding(lane(), {
        summary: {
          dir: "/it's",
          lanes: [],
          unread: [],
          damaged: [{ path: "/it's/damaged/x", bytes: 1 }],
          total: lane(),
        },
      }),
      { "journal.damaged": "warn" },
    ],
    [
      "a part that cannot be read",
      finding(lane(), {
        summary: {
          dir: "/it's",
          lanes: [],
          unread: [{ path: "/it's/x", reason: "EACCES" }],
          damaged: [],
          total: lane(),
        },
      }),
      { "journal.unread": "warn" },
    ],
  ])("names %s, with a hint that can be pasted", (_, found, expected) => {
    const result = checks(found);
    expect(odd(result)).toEqual(expected);
    const { hint = "" } = result.find(({ status }) => status !== "ok") ?? {};
    expect(hint).toMatch(/^(npx authlog |export [A-Z_]+=|ls -ld? ')/);
    expect(hint.replaceAll(String.raw`'\''`, "").split("'").length % 2).toBe(1);
  });

  it("warns of memory alone in production, where nothing is said of the folder", () => {
    expect(odd(checks(finding(lane()), "memory"))).toEqual({ "journal.durability": "warn" });
    expect(odd(checks(finding(lane()), "memory", false))).toEqual({});
  });

  it.each<[LaneSummary["owner"], RegExp, string]>([
    ["none", /Start the app once with process.* or look at it, and delete/, "export AUTHLOG_"],
    ["living", /A process that keeps a journal there lives, and delivers it/, "npx authlog "],
  ])("warns at memory of events that a run before left, owned by %s", (owner, why, hint) => {
    const left = lane({ depth: 3, owner, oldestUnixMillis: now - 7_200_000 });
    const found = checks(finding(left), "memory", false);
    expect(odd(found)).toEqual({ "journal.left": "warn" });
    const check = found.find(({ id }) => id === "journal.left");
    expect(check).toMatchObject({
      what: "3 events wait in the journal, the oldest for 2 h, although durability is memory.",
      why: expect.stringMatching(why),
      hint: expect.stringContaining(hint),
    });
    expect(check?.why).toContain("/app/.authlog/journal");
  });

  it("warns at memory of damaged files, and of a folder that cannot be read", () => {
    const damaged = finding(lane(), {
      summary: {
        dir: "/j",
        lanes: [],
        unread: [],
        damaged: [{ path: "/j/damaged/x", bytes: 1 }],
        total: lane(),
      },
    });
    expect(odd(checks(damaged, "memory", false))).toEqual({ "journal.damaged": "warn" });
    const { summary: _, ...unread } = finding(lane());
    const unreadable = { ...unread, unreadable: "EACCES" };
    expect(odd(checks(unreadable, "memory", false))).toEqual({ "journal.backlog": "warn" });
    const none = { ...unread, unreadable: "ENOTDIR" };
    expect(odd(checks(none, "memory", false))).toEqual({});
  });
});
