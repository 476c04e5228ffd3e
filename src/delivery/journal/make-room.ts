import type { AdoptedLanes } from "./adopted-lanes.ts";
import type { Dropped } from "./drop-oldest.ts";
import { journalFull } from "./journal-errors.ts";
import type { JournalOptions } from "./journal-options.ts";
import type { Gone } from "./journal-entry.ts";
import type { OwnLane } from "./own-lane.ts";

/** What takes the room of a journal. */
export interface Room {
  readonly own: OwnLane;
  readonly adopted: AdoptedLanes;
}

/**
 * Sees to it that a record finds room, where it may: by letting go of what is confirmed, and of the
 * oldest that waits, where that is asked for.
 *
 * Where others fill the journal by themselves, all that this process wrote would go, and help nobody.
 *
 * @param share how much of the room the record may use. One that may not use all of it is what anyone
 *   can bring about: nothing that waits goes for it
 * @throws the system's error, where the disk did not take that something was dropped
 */
export function makeRoom(
  { own, adopted }: Room,
  { maxBytes, onFull }: Required<JournalOptions>,
  share: number,
  onGone: (gone: Gone) => void,
): boolean {
  // Of no room at all, an endless share would be no number.
  const most = share === Infinity ? Infinity : maxBytes * share;
  const hasRoom = (): boolean => own.lane.size + adopted.size + adopted.othersBytes < most;
  if (!hasRoom()) own.trim(0);
  const mayDrop = onFull === "drop-oldest" && share >= 1;
  const dropOldest = (): Dropped | undefined =>
    adopted.dropOldest((gap) => own.append(gap, "no")) ??
    (adopted.othersBytes < most ? own.dropOldest() : undefined);
  while (!hasRoom()) {
    const dropped = mayDrop ? dropOldest() : undefined;
    if (dropped === undefined) return false;
    const { fault, ...loss } = dropped;
    if (loss.count > 0) onGone({ ...loss, cause: journalFull(maxBytes) });
    if (fault !== undefined) throw fault;
  }
  return true;
}
