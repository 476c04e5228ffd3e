import { Damage } from "../damage.ts";
import { canHaveUid, timestampOf } from "../event-keys.ts";
import { parseMicros } from "../../time.ts";

/** The columns of a row of `event` that {@link assertColumns} wants to see. */
export const recordColumns = `id, hash, envelope, received_us, timestamp_us, uid, conflict,
  uid IS NOT NULL AND EXISTS
    (SELECT 1 FROM event AS e WHERE e.uid = event.uid AND e.id < event.id) AS again`;

/**
 * Checks that what stands beside a record's envelope says what the envelope says: the record's hash
 * is of the envelope alone.
 *
 * @throws Damage naming the event and the column
 */
export function assertColumns(id: number, row: Readonly<Record<string, unknown>>): void {
  const { event, received_at } = parse(id, String(row["envelope"]));
  const uid = typeof row["uid"] === "string" ? row["uid"] : null;
  const columns = {
    received_us: parseMicros(received_at),
    timestamp_us: timestampOf(event) ?? null,
    uid: canHaveUid(event, uid) ? uid : undefined,
    // Flagged if, and only if, the uid stood there before.
    conflict: row["again"],
  };
  for (const [column, value] of Object.entries(columns)) {
    if (row[column] !== value)
      throw new Damage(`Event ${id} is not what its column ${column} says.`);
  }
}

function parse(
  id: number,
  envelope: string,
): { event: Readonly<Record<string, unknown>>; received_at: string } {
  try {
    return JSON.parse(envelope) as ReturnType<typeof parse>;
  } catch {
    throw new Damage(`The envelope of event ${id} is not JSON.`);
  }
}
