import { parseMicros } from "../time.ts";

/** What stands beside an event in the ledger, to find it by. All of it follows from the event. */
export interface EventKeys {
  /** `log.record.uid`, by which the event is known again. */
  readonly uid?: string;
  /** The event's own time, in microseconds since 1970. */
  readonly timestampMicros?: number;
}

/**
 * Derives the keys of an event that is appended. What is not well-formed is no uid: in UTF-8, any two
 * lone surrogates are the same.
 *
 * @param uidPath the field that has the uid, and the keys in the JSON object below it
 */
export function keysOf(
  event: Readonly<Record<string, unknown>>,
  [field, ...keys]: readonly string[],
): EventKeys {
  const timestampMicros = timestampOf(event);
  let uid = field === undefined ? undefined : event[field];
  for (const key of keys) uid = parseObject(uid)?.[key];
  return {
    ...(typeof uid === "string" && uid !== "" && uid.isWellFormed() && { uid }),
    ...(timestampMicros !== undefined && { timestampMicros }),
  };
}

/** Where an event of the standard schema has its uid. */
const standardUidPath = ["new", "log.record.uid"] as const;

/** The event's own time, in microseconds since 1970. */
export function timestampOf({ timestamp }: Readonly<Record<string, unknown>>): number | undefined {
  return typeof timestamp === "string" ? parseMicros(timestamp) : undefined;
}

/**
 * Whether a uid, or none, can be what an event was appended with. Which field has it is told by the
 * schema that the ledger was served with then, and that can be another now.
 */
export function canHaveUid(event: Readonly<Record<string, unknown>>, uid: string | null): boolean {
  if (uid === null) return keysOf(event, standardUidPath).uid === undefined;
  return Object.values(event).some(
    (value) => value === uid || Object.values(parseObject(value) ?? {}).includes(uid),
  );
}

function parseObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "string" || !value.startsWith("{")) return undefined;
  try {
    return JSON.parse(value) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
