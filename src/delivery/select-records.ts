import { AuthlogError } from "../errors.ts";
import { type Emission, getSlot } from "../slot.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { takeUid } from "../telemetry/identity.ts";
import { attributes, eventNames, scopeName } from "../vocabulary.ts";
import { asEmitted, isAltered } from "./own-record.ts";
import { altered } from "./processor-errors.ts";

/** Which records that authlog did not emit are audited too. */
export type Includes = (record: ReadableLogRecord) => boolean;

/** What of a record is audited; `undefined` for one that is left. Never throws. */
type Select = (record: ReadableLogRecord) => ReadableLogRecord | undefined;

/**
 * Selects the records that are audited among all that a provider hands in: authlog's own, as they were
 * emitted; of the others those of its scope and those with a name of its vocabulary, and what `includes`
 * says. Where there is no `includes`, a record that looks like an audit event is reported once.
 */
export function selectRecords(includes: Includes | undefined): Select {
  const selectForeign = foreignRecords(includes);
  let latest: Emission | undefined;
  return (record) => {
    const emission = getSlot().emitting;
    const own = emission && asEmitted(emission.record, record);
    if (emission === undefined || own === undefined) return selectForeign(record);
    // A provider that has the processor twice hands it in once more.
    if (emission === latest) return undefined;
    latest = emission;
    emission.taken = true;
    if (isAltered(record, own)) report(altered());
    return own;
  };
}

function foreignRecords(includes: Includes | undefined): Select {
  let isReported = false;
  return (record) => {
    try {
      // Whatever brought it here: who emitted it had it taken, or reported that it is lost.
      if (valueOf(record, attributes.producerId) === getSlot().producer.id) return undefined;
      if (isOurs(record) || isIncluded(record, includes)) return withUid(record);
      if (includes === undefined && !isReported && looksAudited(record)) {
        isReported = true;
        report(notIncluded(record.eventName));
      }
    } catch (cause) {
      report(unreadable("`includes`, or the name of the record, threw.", cause));
    }
    return undefined;
  };
}

function isIncluded(record: ReadableLogRecord, includes: Includes | undefined): boolean {
  const answer: unknown = includes?.(record);
  if (!(answer instanceof Promise)) return Boolean(answer);
  // What it will say comes too late; and nobody else would handle its failure.
  answer.catch(() => {});
  report(unreadable("`includes` returned a promise."));
  return false;
}

const names: ReadonlySet<string> = new Set(Object.values(eventNames));

function isOurs({ instrumentationScope, eventName = "" }: ReadableLogRecord): boolean {
  if (instrumentationScope.name === scopeName || names.has(eventName)) return true;
  return eventName.startsWith(`${scopeName}.`);
}

function looksAudited(record: ReadableLogRecord): boolean {
  const isNamedSo = /^(?:audit|authn?|authz)[._]/i.test(record.eventName ?? "");
  return isNamedSo || valueOf(record, attributes.outcome) !== undefined;
}

function valueOf(record: ReadableLogRecord, name: string): unknown {
  try {
    return record.attributes[name];
  } catch {
    return undefined;
  }
}

/** By its id a record is known that was delivered twice. Read field by field: they may be getters. */
function withUid(record: ReadableLogRecord): ReadableLogRecord {
  if (valueOf(record, attributes.recordUid) !== undefined) return record;
  try {
    return {
      hrTime: record.hrTime,
      hrTimeObserved: record.hrTimeObserved,
      eventName: record.eventName,
      severityNumber: record.severityNumber,
      severityText: record.severityText,
      body: record.body,
      attributes: { ...record.attributes, [attributes.recordUid]: takeUid() },
      spanContext: record.spanContext,
      resource: record.resource,
      instrumentationScope: record.instrumentationScope,
      droppedAttributesCount: record.droppedAttributesCount,
    };
  } catch {
    // What of it can be read is audited all the same.
    return record;
  }
}

function notIncluded(eventName = ""): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_RECORD_NOT_INCLUDED", {
    message: `A log record that looks like an audit event was not audited: ${JSON.stringify(eventName.slice(0, 64))}.`,
    why: "Its scope and its name are not authlog's, and no `includes` names it.",
    fix: "Pass `includes` to auditProcessor() or createRegister(), which returns true for it, or false to leave it without this message; or record the event with audit().",
  });
}

function unreadable(why: string, cause?: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_RECORD_NOT_INCLUDED", {
    message: "A log record was not audited, since it could not be seen whether it is to be.",
    why,
    fix: "Look at the cause, and at the `includes` that you pass to auditProcessor() or createRegister().",
    cause,
  });
}
