import type { OtlpLogs } from "../otlp-record.ts";
import { maxLineBytes } from "./line-reader.ts";

type KeyValues = OtlpLogs["resourceLogs"][0]["resource"]["attributes"];

/** Two lists, at most three bytes a character: with all else they stay below a line's limit. */
const listUnits = maxLineBytes / 8;

const mark = "[too large]";

/**
 * The same record, small enough for a line of the journal. A single value is bounded by `toPlain`;
 * only how many attributes somebody else's record has is not. Those that find no room keep their
 * name, and those that find none for that either are counted, as OTLP does.
 */
export function withinLine(logs: OtlpLogs): OtlpLogs {
  const [{ resource, scopeLogs }] = logs.resourceLogs;
  const [{ scope, logRecords }] = scopeLogs;
  const [record] = logRecords;
  return {
    resourceLogs: [
      {
        resource: bounded(resource.attributes),
        scopeLogs: [{ scope, logRecords: [{ ...record, ...bounded(record.attributes) }] }],
      },
    ],
  };
}

function bounded(pairs: KeyValues): { attributes: KeyValues; droppedAttributesCount: number } {
  let left = listUnits;
  const attributes = pairs.flatMap((pair) => {
    for (const kept of [pair, { key: pair.key, value: { stringValue: mark } }]) {
      const units = JSON.stringify(kept).length;
      if (units > left) continue;
      left -= units;
      return [kept];
    }
    return [];
  });
  return { attributes, droppedAttributesCount: pairs.length - attributes.length };
}
