import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { attributes } from "../../src/vocabulary.ts";

/** A record as authlog makes them: the `sequence`th of its producer. */
export function numberedRecord(sequence: number, producerId = "producer"): ReadableLogRecord {
  return {
    hrTime: [1_700_000_000 + sequence, 0],
    hrTimeObserved: [1_700_000_000 + sequence, 1],
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
    droppedAttributesCount: 0,
  };
}
