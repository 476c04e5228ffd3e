import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineReader } from "../../../../src/delivery/journal/line-reader.ts";
import { journalFolder } from "../../../support/journal.ts";

/** A file in a folder of this test's own. */
function newFile(): string {
  const file = journalFolder();
  mkdirSync(dirname(file), { recursive: true });
  return file;
}

function readAll(lines: LineReader): [offset: number, text: string][] {
  const found: [number, string][] = [];
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    found.push([line.offset, line.bytes.toString("latin1")]);
  }
  return found;
}

/** The whole lines of a text, and where each begins. */
function modelOf(text: string, from = 0): [offset: number, text: string][] {
  let offset = from;
  return text
    .slice(from)
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const found: [number, string] = [offset, line];
      offset += line.length + 1;
      return found;
    });
}

const part = fc.oneof(
  fc.constant("\n"),
  fc.string({ unit: fc.constantFrom("a", "\n", "\r", "{"), maxLength: 30 }),
  // Around the size that is read at once, and beyond.
  fc.integer({ min: 65_530, max: 65_541 }).map((length) => "b".repeat(length)),
  fc.integer({ min: 1, max: 300_000 }).map((length) => "c".repeat(length)),
);

describe("the lines of a file", () => {
  it("are what stands between its breaks, wherever it is begun and however it grows", () => {
    const file = newFile();
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.nat({ max: 12 }), (parts, begun) => {
        const first = parts.slice(0, begun).join("");
        const whole = parts.join("");
        writeFileSync(file, first);
        const lines = new LineReader(file);
        const found = readAll(lines);
        expect(found).toEqual(modelOf(first));
        expect(lines.rest).toBe(first.length - first.lastIndexOf("\n") - 1);
        appendFileSync(file, whole.slice(first.length));
        expect([...found, ...readAll(lines)]).toEqual(modelOf(whole));
        expect(lines.offset + lines.rest).toBe(whole.length);
        lines.close();

        const from = found.at(-1)?.[0] ?? 0;
        const later = new LineReader(file, from);
        expect(readAll(later)).toEqual(modelOf(whole, from));
        later.close();
      }),
      { numRuns: 100 },
    );
  });
});
