import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { read, toPlain } from "../../../../src/audit-schema/plain.ts";
import { decodeEntry, encodeEntry, sealed } from "../../../../src/delivery/journal/entry-line.ts";
import { maxLineBytes } from "../../../../src/delivery/journal/line-reader.ts";
import type { ReadableLogRecord } from "../../../../src/telemetry/exporter.ts";
import { foreignRecord } from "../../../support/foreign-records.ts";
import { numberedRecord } from "../../../support/journal.ts";

const runs = { numRuns: 500 };

const withoutBreak = (line: Buffer): Buffer => line.subarray(0, -1);

/** What can be told of a foreign record's attributes. */
function plainOf(attributes: unknown): Record<string, unknown> {
  if (typeof attributes !== "object" || attributes === null) return {};
  let keys: string[] = [];
  try {
    keys = Object.keys(attributes);
  } catch {
    // A trap threw: nothing can be told.
  }
  const told = keys.flatMap((key) => {
    const plain = toPlain(read(attributes, key));
    return plain === undefined ? [] : [[key.toWellFormed(), plain] as const];
  });
  return Object.fromEntries(told);
}

/** JSON has one zero. */
const oneZero = (value: unknown): unknown =>
  JSON.parse(JSON.stringify({ value }), (_, member: unknown) => (member === 0 ? 0 : member));

describe("an entry of any record whatsoever", () => {
  it("is one line of valid JSON, with its number in front and its checksum at the end", () => {
    fc.assert(
      fc.property(foreignRecord, fc.integer({ min: 1, max: 2 ** 53 - 1 }), (record, number) => {
        const line = encodeEntry({ number, record });
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(line.includes("\r")).toBe(false);
        const text = line.toString("utf8");
        expect(Buffer.from(text)).toEqual(line);
        const value = JSON.parse(text) as object;
        expect(Object.keys(value)).toEqual(["entry", "resourceLogs", "crc32"]);
        expect(text.startsWith(`{"entry":${number},`)).toBe(true);
      }),
      runs,
    );
  });

  it("comes back as what can be told of it, and a second time the same", () => {
    fc.assert(
      fc.property(foreignRecord, (record) => {
        const line = encodeEntry({ number: 7, record });
        const entry = decodeEntry(withoutBreak(line));
        expect(entry?.number).toBe(7);
        const told = entry?.record;
        expect(oneZero(told?.attributes)).toEqual(oneZero(plainOf(read(record, "attributes"))));
        const resource: unknown = read(record, "resource");
        const ofResource =
          typeof resource === "object" && resource !== null && read(resource, "attributes");
        expect(oneZero(told?.resource.attributes)).toEqual(oneZero(plainOf(ofResource)));
        expect(oneZero(told?.body)).toEqual(oneZero(toPlain(read(record, "body"))));
        const name: unknown = read(record, "eventName");
        expect(told?.eventName).toBe(typeof name === "string" ? name.toWellFormed() : undefined);
        expect(told && encodeEntry({ number: 7, record: told })).toEqual(line);
      }),
      runs,
    );
  });
});

it("records of one resource and one scope have one object of each: exporters group by it", () => {
  const [a, b, c] = [1, 2, 3].map((n) => {
    const record = { ...numberedRecord(n), ...(n === 3 && { resource: { attributes: {} } }) };
    return decodeEntry(withoutBreak(encodeEntry({ number: n, record })))?.record;
  });
  expect(b?.resource).toBe(a?.resource);
  expect(b?.instrumentationScope).toBe(a?.instrumentationScope);
  expect(c?.resource.attributes).toEqual({});
});

it("when it was observed, what was dropped before, and the schemas come back", () => {
  const record: ReadableLogRecord = {
    ...numberedRecord(1),
    hrTimeObserved: [1_700_000_009, 7],
    droppedAttributesCount: 3,
    resource: { attributes: { "service.name": "shop" }, schemaUrl: "https://example.com/a" },
    instrumentationScope: { name: "app", version: "1", schemaUrl: "https://example.com/b" },
  };
  expect(decodeEntry(withoutBreak(encodeEntry({ number: 1, record })))?.record).toEqual(record);
});

describe("an entry of megabytes", () => {
  it("keeps the beginning of each value", () => {
    const attributes = { long: "\u{0}".repeat(5e6), list: Array.from({ length: 1e6 }, () => 1) };
    const line = encodeEntry({ number: 1, record: { ...numberedRecord(1), attributes } });
    expect(line.length).toBeLessThan(maxLineBytes);
    expect(decodeEntry(withoutBreak(line))?.record.attributes["long"]).toMatch(/^\0{30000}/);
  });

  it.each([
    ["attributes", 400, "x".repeat(32_000)],
    ["attributes that are escaped", 400, "\u{0}".repeat(32_000)],
    ["attributes of three bytes a character", 800, "\u{20ac}".repeat(10_000)],
    ["names", 200_000, ""],
  ])("of too many %s stays readable, and counts what it leaves out", (_, count, value) => {
    const attributes = Object.fromEntries(
      Array.from({ length: count }, (_unused, n) => [`attribute.${n}`, value]),
    );
    const record = { ...numberedRecord(1), attributes, resource: { attributes } };
    const line = encodeEntry({ number: 1, record });
    expect(line.length).toBeLessThanOrEqual(maxLineBytes);
    const told = decodeEntry(withoutBreak(line))?.record.attributes ?? {};
    expect(told["attribute.0"]).toBe(value.slice(0, 32_768));
    const names = Object.keys(told).length;
    expect(line.toString()).toContain(`"droppedAttributesCount":${count - names}`);
  });
});

describe("bytes of anybody's", () => {
  const entries = fc
    .array(foreignRecord, { minLength: 1, maxLength: 3 })
    .map((records) => records.map((record, n) => encodeEntry({ number: n + 1, record })));

  it("are no entry, and make nothing fail", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeEntry(Buffer.from(bytes))).toBeUndefined();
      }),
      runs,
    );
  });

  it("that were an entry's, and were cut, flipped, joined or moved, are none", () => {
    const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 1, max: 255 }) });
    expect.hasAssertions();
    fc.assert(
      fc.property(entries, change, fc.nat(), (lines, { at, byte }, cut) => {
        const [line = Buffer.alloc(0)] = lines.map(withoutBreak);
        const changed = Buffer.from(line);
        changed[at % line.length] = (line[at % line.length] ?? 0) ^ byte;
        const end = cut % line.length;
        for (const hostile of [
          changed,
          line.subarray(0, end),
          line.subarray(line.length - end),
          Buffer.concat([line, line.subarray(0, end + 1)]),
          Buffer.concat([line.subarray(end), line.subarray(0, end)]),
          Buffer.concat([line.subarray(0, end), Buffer.alloc(line.length - end)]),
          Buffer.concat(lines).subarray(0, lines.length > 1 ? -1 : -2),
        ]) {
          if (hostile.equals(line)) continue;
          expect(decodeEntry(hostile)).toBeUndefined();
        }
      }),
      runs,
    );
  });

  it("under a checksum that is right are read as a record, or as nothing", () => {
    // A checksum is no signature: who can write to the folder can make one.
    const otlpLike = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.jsonValue(),
        fc.array(tie("value"), { maxLength: 2 }),
        fc.dictionary(
          fc.constantFrom(
            "resource",
            "attributes",
            "scopeLogs",
            "scope",
            "name",
            "logRecords",
            "key",
            "value",
            "timeUnixNano",
            "stringValue",
            "intValue",
            "arrayValue",
            "values",
            "kvlistValue",
          ),
          tie("value"),
        ),
      ),
    })).value;
    fc.assert(
      fc.property(fc.jsonValue(), otlpLike, (number, logs) => {
        const open = `{"entry":${JSON.stringify(number)},"resourceLogs":${JSON.stringify(logs)}`;
        const entry = decodeEntry(withoutBreak(sealed(open)));
        expect(entry === undefined || encodeEntry(entry).length > 0).toBe(true);
      }),
      runs,
    );
  });

  it.each([
    ["a number that is none", { entry: 0 }],
    ["no record", { resourceLogs: [] }],
    ["two records", { resourceLogs: [1, 2] }],
    ["a list nested without end", { resourceLogs: nested(100_000) }],
  ])("with %s under a right checksum are no entry", (_, members) => {
    const line = encodeEntry({ number: 1, record: numberedRecord(1) }).toString();
    const value = { ...(JSON.parse(line) as object), ...members, crc32: undefined };
    const open = Array.isArray(value) ? "" : stringify(value).slice(0, -1);
    expect(decodeEntry(withoutBreak(sealed(open)))).toBeUndefined();
  });
});

/** As text: `JSON.stringify` itself does not go so deep. */
function nested(depth: number): { toJSON: () => string; text: string } {
  return { toJSON: () => "nested", text: `${"[".repeat(depth)}${"]".repeat(depth)}` };
}

function stringify(value: object): string {
  return JSON.stringify(value).replace('"nested"', nested(100_000).text);
}
