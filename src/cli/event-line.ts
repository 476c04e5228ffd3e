import { attributes, eventNames, outcomes } from "../vocabulary.ts";
import { plain, style } from "./terminal.ts";

/** An audit event as a ledger holds it; nothing in it is trusted. */
export type AuditEventFields = Readonly<Record<string, unknown>>;

/** How a line is drawn. */
export interface EventLineOptions {
  /** When the ledger received the event, RFC 3339. */
  readonly receivedAt: string;
  /** @default false */
  readonly color?: boolean;
}

const marks = { success: "✓", failure: "✗", other: "·" } as const;
const colors = { success: "green", failure: "red", other: "dim" } as const;
const nameWidth = 20;
/** What happened longer than this before the ledger received it has its own time at the end. */
const lateMillis = 60_000;

/**
 * One event as one line for people: when it arrived, outcome, event, who, how often where it stands
 * for several, from where, the trace, and when it happened where that was long before.
 *
 * @param event fields of Pangea's standard schema; `new` as a string of JSON or as an object
 * @example
 * eventLine(event, { receivedAt: "2026-11-20T10:00:00.123456Z" });
 * // "10:00:00 ✗ auth.sign_in         ada@example.com (invalid_credentials)  from 203.0.113.7  trace 0af7…"
 */
export function eventLine(event: AuditEventFields, options: EventLineOptions): string {
  const { receivedAt, color = false } = options;
  const details = detailsOf(event["new"]);
  const [outcome = "", reason = ""] = textOf(event["status"]).split(":", 2);
  const kind =
    outcome === outcomes.success || outcome === outcomes.failure ? outcome : ("other" as const);
  const name = textOf(event["action"]) || textOf(event["message"]) || "–";
  const source = textOf(event["source"]);
  const trace = textOf(details["trace_id"]);
  const count = details[attributes.coalescedCount];
  const happenedAt = textOf(event["timestamp"]);
  const parts = [
    `${style("dim", receivedAt.slice(11, 19), color)} ${style(colors[kind], marks[kind], color)}`,
    ` ${style("bold", name.padEnd(nameWidth), color)} ${whoOf(event, details)}`,
    ...(reason.trim() === "" ? [] : [` (${reason.trim()})`]),
    ...(isCount(count) && count > 1 ? [` × ${count}`] : []),
    ...(source === "" ? [] : [`  from ${source}`]),
    ...(trace === "" ? [] : [style("dim", `  trace ${trace}`, color)]),
    ...(isLate(happenedAt, receivedAt) ? [style("dim", `  happened ${happenedAt}`, color)] : []),
  ];
  return parts.join("");
}

/**
 * The proven user by the name that people know, or who it was claimed to be. Of a gap, how many
 * events are missing and the code that says why: its sentence, which each schema has, tells both.
 */
function whoOf(event: AuditEventFields, details: AuditEventFields): string {
  if (event["action"] === eventNames.gap) return textOf(event["message"], 128);
  const names = [details[attributes.userEmail], event["target"], event["actor"]];
  return names.map((name) => textOf(name)).find((name) => name !== "") ?? "anonymous";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** No where a time cannot be read. */
function isLate(happenedAt: string, receivedAt: string): boolean {
  return Date.parse(receivedAt) - Date.parse(happenedAt) > lateMillis;
}

function textOf(value: unknown, maxLength = 64): string {
  return typeof value === "string" ? plain(value, maxLength) : "";
}

function detailsOf(value: unknown): AuditEventFields {
  let details = value;
  try {
    if (typeof value === "string") details = JSON.parse(value);
  } catch {
    return {};
  }
  return typeof details === "object" && details !== null ? (details as AuditEventFields) : {};
}
