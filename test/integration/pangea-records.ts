import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";

/** A record as our own logger emits it, with what a test wants otherwise. */
export function logRecord(
  n: number,
  overrides: Partial<ReadableLogRecord> = {},
): ReadableLogRecord {
  return {
    hrTime: [1_767_225_600, 123_000_000],
    hrTimeObserved: [1_767_225_600, 124_000_000],
    eventName: "auth.sign_in",
    severityNumber: 9,
    body: `user-${n} signed in with credentials`,
    attributes: {
      "log.record.uid": `uid-${n}`,
      "auth.outcome": "success",
      "user.id": `user-${n}`,
      "client.address": "192.0.2.1",
    },
    spanContext: {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceFlags: 1,
    },
    resource: { attributes: { "service.name": "shop", "service.version": "1.2.3" } },
    instrumentationScope: { name: "authlog" },
    droppedAttributesCount: 0,
    ...overrides,
  };
}

/** Records 0 to n − 1. */
export function logRecords(n: number): ReadableLogRecord[] {
  return Array.from({ length: n }, (_, index) => logRecord(index));
}
