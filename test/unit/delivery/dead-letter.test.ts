import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type DeadLetter,
  deadLetterFile,
  type DeadLetters,
} from "../../../src/delivery/dead-letter.ts";
import { letterLines, withDoubt, withReason } from "../../../src/delivery/letter-lines.ts";
import { AuthlogError } from "../../../src/errors.ts";
import type { ReadableLogRecord } from "../../../src/telemetry/exporter.ts";
import { foreignRecord } from "../../support/delivery.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-letters-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
  message: "m",
  why: "too long",
  fix: "f",
});
const letter = (overrides: Partial<ReadableLogRecord> = {}): DeadLetter => ({
  record: { ...foreignRecord("app.order"), ...overrides },
  cause,
});
const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const modeOf = (path: string): number => statSync(path).mode & 0o777;

async function keep(letters: DeadLetters, more: readonly DeadLetter[]): Promise<void> {
  letters.write(more);
  await letters.onDisk?.();
}

/** How many descriptors of this process are those of a file. */
const timesOpen = (path: string): number =>
  readdirSync("/proc/self/fd").filter((name) => linkOf(`/proc/self/fd/${name}`) === path).length;

function linkOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    // The one that the list itself was read by.
    return undefined;
  }
}

const said = (): string | undefined => watched.diagnostics[0]?.why;

describe("the dead-letter file", () => {
  it("has a line of JSON for each record: when, the reason, and what was emitted", async () => {
    const path = join(folder, "letters.jsonl");
    const letters = deadLetterFile({ path });
    await keep(letters, [letter({ body: "ordered", attributes: { "user.id": "a" } })]);
    await keep(letters, [letter(), letter()]);
    const lines = linesOf(path);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toEqual({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      code: "ERR_AUTHLOG_DELIVERY_REJECTED",
      why: "too long",
      resourceLogs: [
        {
          resource: { attributes: [] },
          scopeLogs: [
            {
              scope: { name: "somebody" },
              logRecords: [
                {
                  eventName: "app.order",
                  timeUnixNano: "1000000000",
                  observedTimeUnixNano: "1000000000",
                  body: { stringValue: "ordered" },
                  attributes: [{ key: "user.id", value: { stringValue: "a" } }],
                },
              ],
            },
          ],
        },
      ],
    });
    expect(watched.diagnostics).toEqual([]);
  });

  it.runIf(process.platform === "linux")(
    "is open once, however many letters wait for the disk, and not when none does",
    async () => {
      const path = join(folder, "letters.jsonl");
      const letters = deadLetterFile({ path });
      const waits: Promise<void>[] = [];
      for (let count = 0; count < 50; count += 1) {
        letters.write([letter()]);
        waits.push(letters.onDisk?.() ?? Promise.resolve());
      }
      expect(timesOpen(path)).toBe(1);
      await Promise.all(waits);
      expect(timesOpen(path)).toBe(0);
      await keep(letters, [letter()]);
      expect(timesOpen(path)).toBe(0);
      expect(linesOf(path)).toHaveLength(51);
    },
  );

  it("is its owner's alone, in a folder that git does not see", async () => {
    const path = join(folder, ".authlog/letters.jsonl");
    await keep(deadLetterFile({ path }), [letter()]);
    expect([modeOf(path), modeOf(join(folder, ".authlog"))]).toEqual([0o600, 0o700]);
    expect(readFileSync(join(folder, ".authlog/.gitignore"), "utf8")).toBe("*\n");
  });

  it("that others could read is made its owner's before anything is added", async () => {
    const path = join(folder, "letters.jsonl");
    await keep(deadLetterFile({ path }), [letter()]);
    chmodSync(path, 0o644);
    await keep(deadLetterFile({ path }), [letter()]);
    expect(modeOf(path)).toBe(0o600);
  });

  it("says of what the destination may have that it is unclear", async () => {
    const path = join(folder, "letters.jsonl");
    await keep(deadLetterFile({ path }), [letter(), { ...letter(), mayBeThere: true }]);
    expect([...letterLines(path)].map((line) => line.letter?.unclear)).toEqual([false, true]);
  });

  it("has a letter that is far too long as one that can be read, whatever is added to it", async () => {
    const path = join(folder, "letters.jsonl");
    const long = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`key-${index}`, "\u20ac".repeat(32_000)]),
    );
    const why = "\u0001".repeat(100_000);
    const wordy = new AuthlogError("ERR_AUTHLOG_RECORD_UNMAPPABLE", {
      message: "m",
      why,
      fix: "f",
    });
    await keep(deadLetterFile({ path }), [
      { record: { ...foreignRecord("app.order"), attributes: long }, cause: wordy },
    ]);
    const [line, ...rest] = [...letterLines(path)];
    expect(rest).toEqual([]);
    expect(line?.letter?.record.attributes["key-0"]).toMatch(/^\u20ac{1000}/);
    expect(line?.letter?.record.eventName).toBe("app.order");
    const again = withReason(line!.bytes, { at: "now", code: "code", why });
    writeFileSync(path, withDoubt({ bytes: again, letter: line!.letter }));
    expect([...letterLines(path)].map((one) => one.letter?.unclear)).toEqual([true]);
  });

  it("takes what JSON cannot hold", async () => {
    const path = join(folder, "letters.jsonl");
    const cycle: Record<string, unknown> = { big: 1n, not: Number.NaN };
    cycle["self"] = cycle;
    await keep(deadLetterFile({ path }), [letter({ attributes: cycle, body: "\ud800" })]);
    const [line] = [...letterLines(path)];
    expect(line?.letter?.record).toMatchObject({
      attributes: { big: "1", not: "NaN", self: { self: "[circular]" } },
    });
  });
});

describe("what cannot be kept is said, and never thrown", () => {
  it.each<[string, (path: string) => void, RegExp]>([
    ["a folder in its place", (path) => mkdirSync(path), /EISDIR/],
    ["a link in its place", (path) => symlinkSync("/dev/null", path), /ELOOP/],
    ["a FIFO in its place", (path) => execFileSync("mkfifo", [path]), /EFTYPE/],
  ])("%s", async (_, prepare, reason) => {
    const path = join(folder, "letters.jsonl");
    prepare(path);
    await keep(deadLetterFile({ path }), [letter()]);
    expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_DEAD_LETTER_FAILED"]);
    expect(said()).toMatch(reason);
    expect(said()).toContain(path);
  });

  it("a file that is full stays as it is", async () => {
    const path = join(folder, "letters.jsonl");
    const letters = deadLetterFile({ path, maxBytes: 400 });
    for (let count = 0; count < 5; count += 1) await keep(letters, [letter()]);
    expect(statSync(path).size).toBeLessThanOrEqual(400);
    expect(linesOf(path).length).toBeGreaterThan(0);
    expect(said()).toContain("it is full");
  });

  it("what a record's getters throw is left out, and the rest kept", async () => {
    const path = join(folder, "letters.jsonl");
    const record = Object.defineProperty(foreignRecord("x"), "hrTime", {
      get: () => {
        throw new Error("secret");
      },
    });
    await keep(deadLetterFile({ path }), [{ record, cause }]);
    expect(watched.diagnostics).toEqual([]);
    const line = readFileSync(path, "utf8");
    expect(line).toContain('"eventName":"x"');
    expect(line).not.toContain("secret");
  });
});
