import { describe, expect, it } from "vitest";
import { taxonomy, type TaxonomySubject } from "../../../src/event/taxonomy.ts";
import { toLogRecord } from "../../../src/event/to-log-record.ts";
import { eventNames, failureReasons, outcomes } from "../../../src/vocabulary.ts";

type Row = [
  event: Exclude<TaxonomySubject, { attributes: unknown }>,
  owasp: string | undefined,
  ocsf: string,
  ecs: string,
];

const { success, failure } = outcomes;

/** Type and status of OCSF, then category, types and outcome of ECS, each in one text. */
const captured: readonly Row[] = [
  [
    { name: "auth.sign_in", outcome: success },
    "authn_login_success",
    "300201 Logon Success",
    "authentication start success",
  ],
  [
    { name: "auth.sign_in", outcome: failure, reason: "invalid_credentials" },
    "authn_login_fail",
    "300201 Logon Failure",
    "authentication start failure",
  ],
  [
    { name: "auth.sign_in", outcome: failure, reason: "locked_out" },
    "authn_login_lock",
    "300201 Logon Failure",
    "authentication start failure",
  ],
  [
    { name: "auth.sign_in", outcome: failure, reason: "rate_limited" },
    "excess_rate_limit_exceeded",
    "300201 Logon Failure",
    "authentication start failure",
  ],
  [
    { name: "auth.sign_out", outcome: success },
    "session_expired",
    "300202 Logoff Success",
    "authentication end success",
  ],
  [
    { name: "auth.sign_out", outcome: failure, reason: "unknown" },
    undefined,
    "300202 Logoff Failure",
    "authentication end failure",
  ],
  [
    { name: "auth.verification.request", outcome: success },
    "authn_token_created",
    "300206 Preauth Success",
    "authentication info success",
  ],
  [
    { name: "auth.verification.request", outcome: failure, reason: "email_send_failed" },
    undefined,
    "300206 Preauth Failure",
    "authentication info failure",
  ],
  [
    { name: "auth.user.create", outcome: success },
    "user_created",
    "300101 Create Success",
    "iam user+creation success",
  ],
  [
    { name: "auth.user.update", outcome: success },
    "user_updated",
    "300199 auth.user.update Success",
    "iam user+change success",
  ],
  [
    { name: "auth.account.link", outcome: success },
    "user_updated",
    "300199 auth.account.link Success",
    "iam user+change success",
  ],
  [
    { name: "auth.session.reject", outcome: failure, reason: "token_invalid" },
    "crypt_decrypt_fail",
    "300299 auth.session.reject Failure",
    "session info failure",
  ],
  [
    { name: "auth.session.reject", outcome: failure, reason: "token_expired" },
    "session_use_after_expire",
    "300299 auth.session.reject Failure",
    "session info failure",
  ],
  [
    { name: "auth.request.reject", outcome: failure, reason: "csrf_invalid" },
    "sequence_fail",
    "300201 Logon Failure",
    "authentication info failure",
  ],
  [
    { name: "auth.request.reject", outcome: failure, reason: "invalid_state" },
    "sequence_fail",
    "300201 Logon Failure",
    "authentication info failure",
  ],
  [
    { name: "auth.request.reject", outcome: failure, errorType: "INVALID_ORIGIN" },
    "malicious_cors",
    "300299 auth.request.reject Failure",
    "authentication info failure",
  ],
  [
    { name: "auth.request.reject", outcome: failure, reason: "unknown" },
    "input_validation_fail",
    "300299 auth.request.reject Failure",
    "authentication info failure",
  ],
  [
    { name: "auth.rate_limit", outcome: failure, reason: "rate_limited" },
    "excess_rate_limit_exceeded",
    "300201 Logon Failure",
    "authentication info failure",
  ],
  [
    { name: "auth.session.read", outcome: success },
    undefined,
    "300299 auth.session.read Success",
    "session info success",
  ],
  [
    { name: "authlog.gap" },
    "sys_monitor_disabled",
    "100899 authlog.gap Unknown",
    "host info unknown",
  ],
];

const own: readonly Row[] = [
  [
    { name: "billing.refund", outcome: success },
    "sensitive_update",
    "600303 Update Success",
    "api change success",
  ],
  [
    { name: "user.email_change", outcome: success },
    "sensitive_update",
    "600303 Update Success",
    "api change success",
  ],
  [
    { name: "invoice.create", outcome: success },
    "sensitive_create",
    "600301 Create Success",
    "api creation success",
  ],
  [
    { name: "report.export", outcome: failure, reason: "access_denied" },
    "authz_fail",
    "600302 Read Failure",
    "api access failure",
  ],
  [
    { name: "invoice.delete", outcome: failure, reason: "server_error" },
    undefined,
    "600304 Delete Failure",
    "api deletion failure",
  ],
  [
    { name: "rocket.launch", outcome: success },
    undefined,
    "600399 rocket.launch Success",
    "api info success",
  ],
];

describe.each([
  ["captured", captured],
  ["the app's own", own],
])("an event that is %s", (_, rows) => {
  it.each(rows.map((row) => [Object.values(row[0]).join(" "), row] as const))(
    "%s",
    (_name, [event, owasp, ocsf, ecs]) => {
      const told = taxonomy(event);
      const { type_uid, activity_name, status } = told.ocsf;
      const { category, type, outcome, action } = told.ecs;
      expect({
        owasp: told.owasp,
        ocsf: `${type_uid} ${activity_name} ${status}`,
        ecs: `${category.join("+")} ${type.join("+")} ${outcome}`,
        action,
      }).toEqual({ owasp, ocsf, ecs, action: event.name });
    },
  );
});

describe("the taxonomies", () => {
  it("have a row for each event that authlog captures", () => {
    const named = new Set(captured.map(([{ name }]) => name));
    expect(named).toEqual(new Set(Object.values(eventNames)));
  });

  it("write OCSF's fields as its classes define them", () => {
    const event = { name: "auth.sign_in", outcome: failure, reason: "locked_out" };
    expect(taxonomy(event).ocsf).toEqual({
      category_uid: 3,
      category_name: "Identity & Access Management",
      class_uid: 3002,
      class_name: "Authentication",
      activity_id: 1,
      activity_name: "Logon",
      type_uid: 300201,
      status_id: 2,
      status: "Failure",
      status_detail: "locked_out",
    });
  });

  it("are the same for an event and for its record", () => {
    const event = {
      name: eventNames.signIn,
      timeUnixMillis: 0,
      outcome: failure,
      reason: failureReasons.lockedOut,
      framework: { name: "next-auth", version: "5" },
    };
    const record = toLogRecord(event, { uid: "uid", producerId: "producer", sequence: 1 });
    expect(taxonomy(record)).toEqual(taxonomy(event));
  });

  it.each(["", "constructor", "__proto__"])("know no event named %j, and say so", (name) => {
    expect(taxonomy({ name })).toMatchObject({
      owasp: undefined,
      ocsf: { type_uid: 600_399, status: "Unknown" },
      ecs: { category: ["api"], type: ["info"], outcome: "unknown" },
    });
  });

  it("claim no sign-in of an event that does not say how it ended", () => {
    expect(taxonomy({ name: "auth.sign_in" })).toMatchObject({
      owasp: undefined,
      ocsf: { status_id: 0 },
      ecs: { outcome: "unknown" },
    });
  });

  it("leave a foreign record without a name to the generic answer", () => {
    expect(taxonomy({ attributes: { "auth.outcome": 7 } })).toMatchObject({
      ocsf: { class_uid: 6003, status_id: 0 },
    });
  });
});
