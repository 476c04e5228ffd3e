import type { AuditEvent, AuditSchema } from "../audit-schema/audit-schema.ts";
import { canonicalJson, type JsonValue } from "../canonical/canonical-json.ts";
import { AuthlogError } from "../errors.ts";
import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import { loadService, type Service } from "./audit-service.ts";
import { toEvent } from "./bulk-delivery.ts";
import { chunks } from "./deliver-in-parts.ts";
import { RequestFault } from "./request-fault.ts";
import { currentToken, type TokenSource } from "./token.ts";
import { untraced } from "./untraced.ts";

/** What looking up needs; all of it checked. */
export interface LookupOptions {
  /** A token that may search. */
  token: TokenSource;
  schema: AuditSchema;
  baseUrlTemplate: string;
  configId: string | undefined;
  tenantId: string | undefined;
}

/** What a look-up found. */
export interface Finding {
  found: ReadonlySet<ReadableLogRecord>;
  /** Those that were asked for, and are not there. */
  missing: ReadonlySet<ReadableLogRecord>;
  /** Why not all of them were looked up. */
  cause?: AuthlogError;
}

/** Finds out which records the audit log has. Never rejects. */
export type Lookup = (
  records: readonly ReadableLogRecord[],
  signal: AbortSignal,
) => Promise<Finding>;

/** Ids in one question: the ledger takes 64 terms, and each answer is to stay small. */
const idsEach = 25;
/** Each may stand there twice already; where it is more, the others are asked for again. */
const resultsEach = 2 * idsEach;

/** An app's clock may be so far ahead of the audit log's, whose time of receipt is searched. */
const slackMillis = 86_400_000;

interface Wanted {
  record: ReadableLogRecord;
  uid: string;
  event: AuditEvent;
}

/** What the audit log answered to one question. */
interface AnswerToOne {
  there: ReadonlySet<ReadableLogRecord>;
  /** Whether it has all that was found: of records that are not in it, others may take the room. */
  complete: boolean;
}

/** A look-up by the schema's unique id. Copies with another content do not count as found. */
export function createLookup(options: LookupOptions): Lookup {
  const { schema } = options;
  const [field, ...keys] = schema.uidPath ?? [];

  async function ask(service: Service, wanted: readonly Wanted[]): Promise<AnswerToOne> {
    const query = wanted.map(({ uid }) => `${field}:"${uid}"`).join(" OR ");
    const first = Math.min(...wanted.map(({ record }) => record.hrTime[0] * 1_000));
    const start = new Date(first - slackMillis).toISOString();
    const { result } = await untraced(() =>
      service.audit.search(
        query,
        { start, limit: resultsEach, max_results: resultsEach, verbose: false },
        // A record whose hash is wrong is for the verifier to tell; it must not end a delivery.
        { skipEventVerification: true },
      ),
    );
    const events = result.events as readonly unknown[] as { envelope?: unknown }[];
    const values = new Set(
      events.map(({ envelope }) => textOf(member(member(envelope, "event"), field))),
    );
    const there = wanted.filter(({ event }) => values.has(textOf(member(event, field))));
    return {
      there: new Set(there.map(({ record }) => record)),
      complete: events.length < resultsEach && !(result.count > events.length),
    };
  }

  return async (records, signal) => {
    const found = new Set<ReadableLogRecord>();
    const missing = new Set<ReadableLogRecord>();
    if (field === undefined)
      return { found, missing, cause: failed(`${schema.name} has no field for it`) };
    const wanted = records.flatMap((record) => wantedOf(record, options, field, keys) ?? []);
    let service: Service | undefined;
    try {
      const token = await currentToken(options.token, signal);
      service = (await loadService({ ...options, signal }))(token);
      // The next question stands last.
      const questions = chunks(wanted, idsEach).toReversed();
      for (let some = questions.pop(); some !== undefined; some = questions.pop()) {
        signal.throwIfAborted();
        const { there, complete } = await ask(service, some);
        for (const record of there) found.add(record);
        const rest = some.filter(({ record }) => !there.has(record));
        if (complete || rest.length === 0) for (const { record } of rest) missing.add(record);
        // Fewer each time: one that is not in an answer of its own is neither found nor missing.
        else if (there.size > 0) questions.push(rest);
        else if (some.length > 1)
          questions.push(...chunks(rest, Math.ceil(rest.length / 2)).toReversed());
      }
      return { found, missing };
    } catch (error) {
      if (AuthlogError.is(error)) return { found, missing, cause: failed(error.why) };
      const { kind, code } = RequestFault.from(error, signal);
      return { found, missing, cause: failed(service?.said() || (code ?? kind)) };
    }
  };
}

function wantedOf(
  record: ReadableLogRecord,
  options: LookupOptions,
  field: string,
  keys: readonly string[],
): Wanted | undefined {
  const event = toEvent(record, options);
  if (AuthlogError.is(event)) return undefined;
  const uid = keys.reduce<unknown>((value, key) => member(value, key), parsed(event[field], keys));
  // Ours are UUIDs. What could end the quotes of a query is sent again instead.
  return typeof uid === "string" && /^[\w.:-]{1,128}$/.test(uid)
    ? { record, uid, event }
    : undefined;
}

function parsed(value: unknown, keys: readonly string[]): unknown {
  if (keys.length === 0 || typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    // A schema of the app's own may have plain text there, and the id elsewhere or nowhere.
    return undefined;
  }
}

function member(value: unknown, key: string | undefined): unknown {
  if (typeof value !== "object" || value === null || key === undefined) return undefined;
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** A field of text as it was sent; some answers have an object where a text of JSON was sent. */
function textOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? canonicalJson(value as JsonValue) : value;
}

function failed(why: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LOOKUP_FAILED", {
    message:
      "Audit events that may be in the audit log could not be looked up there; they are sent again.",
    why: `The audit log was asked by their id: ${why}.`,
    fix: "Give a token that may search by AUTHLOG_READ_TOKEN, and a schema with a field for the id.",
  });
}
