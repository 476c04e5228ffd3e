import { parseMicros } from "./time.ts";

/** What stands beside an event in the ledger, to find it by. All of it follows from the event. */
export interface EventKeys {
  /** `log.record.uid`, by which the event is known again. */
  readonly uid?: string;
  /** The event's own time, in microseconds since 1970. */
  readonly timestampMicros?: number;
}

/** Derives the keys of an event: when it is appended, and again whenever it is read. */
export function keysOf(event: Readonly<Record<string, unknown>>): EventKeys {
  const { timestamp } = event;
  const timestampMicros = typeof timestamp === "string" ? parseMicros(timestamp) : undefined;
  const uid = uidOf(event);
  return {
    ...(uid !== undefined && { uid }),
    ...(timestampMicros !== undefined && { timestampMicros }),
  };
}

/**
 * The key of deduplication, where the event carries it: see `design/events.md`, "To Pangea". What is
 * not well-formed is no uid: in UTF-8, any two lone surrogates are the same.
 */
function uidOf(event: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof event["event_id"] === "string") return event["event_id"];
  const details = event["new"];
  if (typeof details !== "string" || !details.startsWith("{")) return undefined;
  try {
    const uid = (JSON.parse(details) as Record<string, unknown>)["log.record.uid"];
    return typeof uid === "string" && uid !== "" && uid.isWellFormed() ? uid : undefined;
  } catch {
    return undefined;
  }
}
