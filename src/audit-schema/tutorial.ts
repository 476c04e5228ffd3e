import { attributes as names, eventNames, outcomes } from "../vocabulary.ts";
import type { AuditField, AuditRecord, AuditSchema } from "./audit-schema.ts";
import { defineSchema, type FieldValue } from "./define-schema.ts";
import { read } from "./plain.ts";
import { asText, firstText } from "./read-text.ts";

const text = { type: "string", maxBytes: 256 } as const;

const fields: Readonly<Record<string, AuditField>> = {
  message: { type: "string", maxBytes: 1_024, required: true },
  action: { type: "string", maxBytes: 32 },
  email: text,
  name: text,
  target: text,
};

/**
 * The fields that the published tutorial for NextAuth logs: `message`, `action`, `email`, `name` and
 * `target`. It has no place for the record's uid, so delivery is at least once only.
 */
export const tutorialSchema: AuditSchema = defineSchema({
  name: "tutorial",
  fields,
  map: toTutorialFields,
});

/** The tutorial's fields, with `event_id`, the record's uid, and `trace_id`. */
export const tutorialWithIdsSchema: AuditSchema = defineSchema({
  name: "tutorial-with-ids",
  fields: { ...fields, event_id: { type: "string" }, trace_id: { type: "string", maxBytes: 32 } },
  uidField: "event_id",
  map: (record) => ({ ...toTutorialFields(record), trace_id: record.traceId }),
});

function toTutorialFields(record: AuditRecord): Record<string, FieldValue> {
  const { attributes } = record;
  const first = (...keys: string[]): string | undefined => firstText(attributes, keys);
  const { action, message } = actionOf(record, first(names.failureReason));
  return {
    message,
    action,
    email: first(names.userEmail),
    name: first(names.userFullName),
    target: first(names.target, names.attemptedIdentifier, names.userEmail, names.userId),
  };
}

interface Action {
  action: string;
  message: string;
}

/** The tutorial's own words for what it logs; other events have their name and their sentence. */
function actionOf(
  { eventName, body, attributes }: AuditRecord,
  reason: string | undefined,
): Action {
  const failed = read(attributes, names.outcome) === outcomes.failure;
  const because = reason === undefined ? "" : `: ${reason}`;
  if (eventName === eventNames.signIn) {
    if (failed) return { action: "login_failed", message: `User failed to log in${because}` };
    return read(attributes, names.userIsNew) === true
      ? { action: "signup", message: "User signed up" }
      : { action: "login", message: "User logged in" };
  }
  if (eventName === eventNames.signOut) {
    if (failed) return { action: "logout_failed", message: `User failed to log out${because}` };
    return { action: "logout", message: "User logged out" };
  }
  const action = asText(eventName) ?? "log";
  return { action, message: asText(body) ?? action };
}
