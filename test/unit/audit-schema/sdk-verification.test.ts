import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { AuditService, PangeaConfig, PangeaResponse } from "pangea-node-sdk";
import { describe, expect, it } from "vitest";
import type { AuditEvent, AuditRecord } from "../../../src/audit-schema/audit-schema.ts";
import { standardSchema } from "../../../src/audit-schema/standard.ts";
import { canonicalJson } from "../../../src/canonical/canonical-json.ts";
import { anyAttributes } from "./arbitraries.ts";

const audit = new AuditService("pts_unused", new PangeaConfig({ domain: "unused.invalid" }));

const record = (overrides: Partial<AuditRecord>): AuditRecord => ({
  eventName: "auth.sign_in",
  timeUnixMillis: 1_767_225_600_123,
  attributes: {},
  ...overrides,
});

function eventOf(from: AuditRecord): AuditEvent {
  const mapped = standardSchema.toEvent(from, { canonicalize: canonicalJson });
  if (!mapped.ok) throw mapped.cause;
  return mapped.event;
}

/**
 * The way of an event through the SDK's own code: as `logBulk` shapes it, over the wire, stored and
 * answered by a log that hashes what it took, read by the SDK's response, verified by its service.
 */
function verifyThroughSdk(event: AuditEvent): void {
  const sent = JSON.stringify({ events: [audit.getLogEvent({ ...event }, {})] });
  const stored: AuditEvent = JSON.parse(sent).events[0].event;
  const envelope = { event: stored, received_at: "2026-01-01T00:00:00.000000Z" };
  const hash = createHash("sha256").update(canonicalJson(envelope)).digest("hex");
  const body = JSON.stringify({ status: "Success", result: { results: [{ envelope, hash }] } });
  const bytes = new TextEncoder().encode(body).buffer;
  const answer = new PangeaResponse<{ results: { envelope: never; hash: string }[] }>(
    new Response(body, { headers: { "content-type": "application/json" } }),
    bytes,
  );
  for (const result of answer.result.results) audit.processLogResponse(result, {});
}

describe("an event of the standard schema is verified by the SDK", () => {
  it.each([
    "123",
    "-1.50",
    "1e5",
    "true",
    "false",
    "null",
    '"q"',
    "[]",
    "{}",
    '{"b":1,"a":2}',
    '{"a":1, "b":2}',
    '{"a":1,"b":2}',
    '{"a":1,"a":2}',
    '"\\ud800"',
    " null ",
    "\u0000",
    "\ud800",
    `${"[".repeat(9_000)}${"]".repeat(9_000)}`,
    `{"a":1}${" ".repeat(40_000)}and more`,
    `"${"\\n".repeat(16_300)}"`,
    "a sentence",
  ])("with the message %j", (body) => {
    expect(() => verifyThroughSdk(eventOf(record({ body })))).not.toThrow();
  });

  it("a message that the SDK would parse and rewrite does not pass as it is", () => {
    expect(() => verifyThroughSdk({ message: "1e5" })).toThrow("hash verification");
  });

  it("with attributes named as the fields that the SDK parses", () => {
    const attributes = { message: "123", new: '{"b":1,"a":2}', old: { message: "1e5", new: null } };
    expect(() => verifyThroughSdk(eventOf(record({ attributes })))).not.toThrow();
  });

  it("with any message and any attributes", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.json(), fc.string({ unit: "binary" }), fc.anything()),
        anyAttributes,
        (body, attributes) => {
          const event = eventOf(record({ body, attributes }));
          expect(() => verifyThroughSdk(event)).not.toThrow();
        },
      ),
      { numRuns: 300 },
    );
  });
});
