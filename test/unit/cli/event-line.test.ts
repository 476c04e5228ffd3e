import { describe, expect, it } from "vitest";
import { eventLine } from "../../../src/cli/event-line.ts";
import { toGapRecord } from "../../../src/event/gap-record.ts";

const receivedAt = "2026-11-20T10:00:00.123456Z";
const traceId = "0af7651916cd43dd8448eb211c80319c";
const failure = {
  message: "Sign-in failed",
  actor: "anonymous",
  action: "auth.sign_in",
  target: "ada@example.com",
  status: "failure: invalid_credentials",
  source: "203.0.113.7",
  new: JSON.stringify({ trace_id: traceId }),
};

describe("eventLine", () => {
  it("tells time, outcome, event, who, why, from where, and the trace", () => {
    expect(eventLine(failure, { receivedAt })).toBe(
      `10:00:00 ✗ auth.sign_in         ada@example.com (invalid_credentials)  from 203.0.113.7  trace ${traceId}`,
    );
  });

  it("names the proven user by e-mail, and leaves out what is not known", () => {
    const event = {
      message: "m",
      actor: "user_1",
      action: "auth.sign_in",
      status: "success",
      new: { "user.email": "ada@example.com" },
    };
    expect(eventLine(event, { receivedAt })).toBe(
      "10:00:00 ✓ auth.sign_in         ada@example.com",
    );
  });

  it("tells how many rejected requests one event stands for", () => {
    const event = {
      message: "m",
      action: "auth.request.reject",
      status: "failure: csrf",
      new: { "auth.coalesced.count": 120 },
    };
    expect(eventLine(event, { receivedAt })).toBe(
      "10:00:00 ✗ auth.request.reject  anonymous (csrf) × 120",
    );
    for (const count of [1, 0.5, "7", null]) {
      const line = eventLine({ ...event, new: { "auth.coalesced.count": count } }, { receivedAt });
      expect(line).not.toContain("×");
    }
  });

  it("tells when an event happened that came late", () => {
    const late = { ...failure, timestamp: "2026-11-19T22:10:00.000Z" };
    expect(eventLine(late, { receivedAt })).toMatch(/ {2}happened 2026-11-19T22:10:00\.000Z$/);
    for (const timestamp of ["2026-11-20T09:59:59.000Z", "2027-11-20T09:00:00.000Z", "soon", 7]) {
      expect(eventLine({ ...failure, timestamp }, { receivedAt })).not.toContain("happened");
    }
  });

  it("tells of a gap how many events are missing, and why", () => {
    const gap = toGapRecord(
      { timeUnixMillis: 0, count: 1_234, code: "ERR_AUTHLOG_JOURNAL_SYNC_FAILED" },
      { uid: "u", producerId: "p", sequence: 1 },
    );
    const event = { message: gap.body, action: gap.eventName };
    expect(eventLine(event, { receivedAt })).toBe(
      "10:00:00 · authlog.gap          1234 audit events could not be kept: ERR_AUTHLOG_JOURNAL_SYNC_FAILED",
    );
  });

  it("shows an event of any other kind", () => {
    expect(eventLine({ message: "hello" }, { receivedAt })).toBe(
      "10:00:00 · hello                anonymous",
    );
    for (const details of ["{", "7", "null", 7, null]) {
      expect(eventLine({ ...failure, new: details }, { receivedAt })).toContain("ada@example.com");
    }
  });

  it("lets no value act on the terminal or run over lines", () => {
    const hostile = {
      ...failure,
      target: "\u001b[2J\u001b]0;title\u0007ada\r\n10:00:01 ✓ forged \u202e\u009b31m",
      source: "x".repeat(10_000),
    };
    const line = eventLine(hostile, { receivedAt });
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(line.length).toBeLessThan(300);
  });

  it("uses colours only where it is told to", () => {
    expect(eventLine(failure, { receivedAt })).not.toContain("\u001b");
    expect(eventLine(failure, { receivedAt, color: true })).toContain("\u001b[31m✗\u001b[0m");
  });
});
